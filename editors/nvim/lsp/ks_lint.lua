-- The language server of ks-lint, for Neovim 0.11 and later. Put this directory on 'runtimepath', then:
--   vim.lsp.enable('ks_lint')
return {
  cmd = { 'ks-lint', 'lsp' },
  filetypes = { 'kickstart', 'pxelinux', 'ipxe' },
  root_markers = { '.ks-lint.toml', '.git' },
  -- The disks that storage is planned on, and what else .ks-lint.toml may say:
  --   init_options = { disks = { 'sda=200GiB' }, syntax = 'RHEL9', policy = 'ovirt-node' },
}
