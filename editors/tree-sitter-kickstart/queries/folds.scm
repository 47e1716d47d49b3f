[
  (script_section)
  (packages_section)
  (data_section)
] @fold
