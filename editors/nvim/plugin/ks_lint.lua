-- Kickstarts by name, and by content: Neovim takes .ks for a language of its own (kscript), and .cfg for anything.
if vim.g.loaded_ks_lint then
  return
end
vim.g.loaded_ks_lint = true

local sections = { '%packages', '%pre', '%post', '%addon', '%pre-install', '%include' }

local function is_kickstart(buffer)
  local commands = 0
  for _, line in ipairs(vim.api.nvim_buf_get_lines(buffer, 0, 200, false)) do
    if line:match('^#version=') then
      return true
    end
    local word = line:match('^%s*(%S+)')
    if word and vim.tbl_contains(sections, word) then
      return true
    end
    if word and vim.tbl_contains({ 'lang', 'keyboard', 'timezone', 'rootpw', 'clearpart', 'bootloader' }, word) then
      commands = commands + 1
    end
  end
  return commands >= 3
end

vim.filetype.add({
  extension = {
    ks = 'kickstart',
    cfg = function(_, buffer)
      return is_kickstart(buffer) and 'kickstart' or nil
    end,
  },
  pattern = { ['.*/pxelinux%.cfg/.*'] = 'pxelinux' },
})

-- Neovim 0.7 asks the functions above only on request.
if vim.fn.has('nvim-0.8') == 0 then
  vim.api.nvim_create_autocmd({ 'BufRead', 'BufNewFile' }, {
    pattern = { '*.ks', '*.cfg', '*/pxelinux.cfg/*' },
    callback = function(event)
      if event.match:match('/pxelinux%.cfg/') then
        vim.bo[event.buf].filetype = 'pxelinux'
      elseif event.match:match('%.ks$') or is_kickstart(event.buf) then
        vim.bo[event.buf].filetype = 'kickstart'
      end
    end,
  })
end

vim.api.nvim_create_autocmd('FileType', {
  pattern = 'kickstart',
  callback = function(event)
    vim.bo[event.buf].commentstring = '# %s'
    -- With the parser of editors/tree-sitter-kickstart scripts have the colours of their own language; without it the
    -- patterns in syntax/ colour.
    if vim.treesitter and vim.treesitter.start then
      pcall(vim.treesitter.start, event.buf, 'kickstart')
    end
  end,
})
