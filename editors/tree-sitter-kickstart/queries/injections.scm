; A script without --interpreter is one of the shell.
((script_section
  (header !interpreter)
  (script) @injection.content)
  (#set! injection.language "bash"))

((script_section
  (header
    interpreter: (interpreter
      value: (value) @_program))
  (script) @injection.content)
  (#match? @_program "(ba|da|k|z)?sh$")
  (#set! injection.language "bash"))

((script_section
  (header
    interpreter: (interpreter
      value: (value) @_program))
  (script) @injection.content)
  (#match? @_program "python[0-9.]*$")
  (#set! injection.language "python"))

((script_section
  (header
    interpreter: (interpreter
      value: (value) @_program))
  (script) @injection.content)
  (#match? @_program "perl$")
  (#set! injection.language "perl"))
