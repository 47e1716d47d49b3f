; Groups, members and volumes: where they are made, and where they are used.

(kickstart) @local.scope

((command
  name: (command_name) @_command
  .
  (word) @local.definition)
  (#eq? @_command "volgroup"))

((command
  name: (command_name) @_command
  .
  (word) @local.definition)
  (#match? @_command "^(part|partition)$")
  (#match? @local.definition "^(pv|raid|btrfs)\\."))

((command
  name: (command_name) @_command
  (option
    (option_name) @_option
    value: (value) @local.definition))
  (#eq? @_command "logvol")
  (#eq? @_option "--name"))

((option
  (option_name) @_option
  value: (value) @local.reference)
  (#match? @_option "^--(vgname|poolname|cachepvs)$"))

((command
  (word) @local.reference)
  (#match? @local.reference "^(pv|raid|btrfs)\\."))
