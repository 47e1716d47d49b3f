-- What a person does with a kickstart in Neovim, with the configuration in editors/nvim. Neovim 0.7.2 can do it; newer ones can do more.
-- The file is open. KS_LINT names the program. Prints a line for each thing that works; ends with an error at the first that does not.

local function say(name)
  io.stdout:write('ok ' .. name .. '\n')
end

local function want(condition, what)
  if not condition then
    error(what, 2)
  end
end

local function text()
  return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n')
end

-- The cursor on these words, `after` bytes after their beginning.
local function go_to(words, after)
  for number, line in ipairs(vim.api.nvim_buf_get_lines(0, 0, -1, false)) do
    local at = line:find(words, 1, true)
    if at then
      vim.api.nvim_win_set_cursor(0, { number, at - 1 + (after or 0) })
      return
    end
  end
  error('the file does not have ' .. words)
end

local function answer(method, params)
  local answers = vim.lsp.buf_request_sync(0, method, params or vim.lsp.util.make_position_params(), 10000)
  for _, one in pairs(answers or {}) do
    want(not one.error, method .. ': ' .. vim.inspect(one.error))
    return one.result
  end
  error(method .. ' has no answer')
end

local function has_code(code)
  for _, diagnostic in ipairs(vim.diagnostic.get(0)) do
    if (diagnostic.code or diagnostic.user_data.lsp.code) == code then
      return true
    end
  end
  return false
end

local function run()
  want(vim.bo.filetype == 'kickstart', 'the file type is ' .. vim.bo.filetype)
  say('file type')

  -- The parser and the queries of tree-sitter, as Neovim finds them; older ones load a parser on request.
  if vim.treesitter.require_language then
    vim.treesitter.require_language('kickstart')
  end
  local tree = vim.treesitter.get_parser(0, 'kickstart'):parse()[1]
  want(not tree:root():has_error(), 'the tree has an error')
  local colours = {}
  local get = vim.treesitter.query.get or vim.treesitter.query.get_query
  for id, node in get('kickstart', 'highlights'):iter_captures(tree:root(), 0, 0, -1) do
    local row = node:start()
    colours[get('kickstart', 'highlights').captures[id] .. ' ' .. row] = true
  end
  want(colours['keyword 3'] and colours['comment 0'], 'no colours: ' .. vim.inspect(colours))
  say('tree')

  local config = dofile(vim.env.EDITORS .. '/nvim/lsp/ks_lint.lua')
  config.name = 'ks_lint'
  config.cmd = { vim.env.KS_LINT, 'lsp' }
  config.root_dir = vim.fn.getcwd()
  config.init_options = { disks = { 'sda=200GiB' }, syntax = 'RHEL9', policy = 'ovirt-node' }
  vim.lsp.buf_attach_client(0, vim.lsp.start_client(config))
  want(vim.wait(20000, function() return has_code('NODE011') end), 'no diagnostics: ' .. vim.inspect(vim.diagnostic.get(0)))
  say('diagnostics')

  go_to('liveimg --url', 9)
  want(vim.inspect(answer('textDocument/hover')):find('url'), 'hover says nothing of --url')
  say('hover')

  go_to('--bootproto=dhcp', 12)
  local found = vim.inspect(answer('textDocument/completion'))
  want(found:find('static') and found:find('dhcp'), 'completion does not offer the kinds of addresses: ' .. found)
  say('completion')

  go_to('--poolname=pool', 11)
  local place = answer('textDocument/definition')
  want(vim.inspect(place):find('line = 20'), 'the definition of the pool is elsewhere: ' .. vim.inspect(place))
  say('definition')

  vim.lsp.buf.rename('thinpool0')
  want(vim.wait(10000, function() return text():find('--name=thinpool0', 1, true) ~= nil end), 'the pool has its old name')
  want(not text():find('--poolname=pool ', 1, true), 'a volume is in a pool of the old name')
  say('rename')

  -- The first fix that is offered for the size of /boot.
  want(vim.wait(20000, function() return has_code('NODE011') end), 'no diagnostics after the rename')
  go_to('--size=1000', 3)
  local range = vim.lsp.util.make_range_params()
  range.context = { diagnostics = vim.lsp.diagnostic.get_line_diagnostics() }
  local edit
  for _, action in ipairs(answer('textDocument/codeAction', range)) do
    if action.edit and vim.inspect(action):find('size=1024', 1, true) then
      edit = action.edit
      break
    end
  end
  want(edit, 'no fix makes /boot larger')
  vim.lsp.util.apply_workspace_edit(edit, 'utf-16')
  want(text():find('part /boot --fstype=xfs --size=1024', 1, true), 'the fix was not applied')
  want(vim.wait(20000, function() return not has_code('NODE011') end), 'the finding is still there')
  say('code action')

  go_to('lang en_US')
  vim.api.nvim_set_current_line('lang   en_US.UTF-8  ')
  if vim.lsp.buf.format then
    vim.lsp.buf.format({ timeout_ms = 10000 })
  else
    vim.lsp.buf.formatting_sync(nil, 10000)
  end
  want(text():find('\nlang en_US.UTF-8\n', 1, true), 'the line was not formatted')
  say('formatting')
end

local ok, problem = pcall(run)
if not ok then
  io.stdout:write('failed: ' .. tostring(problem) .. '\n')
end
-- The language server is told to leave.
vim.lsp.stop_client(vim.lsp.get_active_clients())
vim.wait(5000, function() return #vim.lsp.get_active_clients() == 0 end)
vim.cmd(ok and 'qall!' or 'cquit!')
