;;; emacs.el --- What a person does with a kickstart in Emacs -*- lexical-binding: t; -*-

;;; Commentary:

;; With eglot and the mode in editors/emacs.  Emacs 28.2 with eglot 1.9 can do it; newer ones can do more.
;; KS_FILE is the kickstart, KS_LINT the program.  Prints a line for each thing that works; ends with an error at the first that
;; does not.

;;; Code:

(require 'package)
(package-initialize)
(require 'kickstart-mode)
(require 'eglot)
(require 'flymake)

(defun try-say (name)
  "Print that NAME works."
  (princ (format "ok %s\n" name)))

(defun try-wait (what condition)
  "Wait until CONDITION holds; otherwise fail and say WHAT."
  (let ((end (+ (float-time) 20)))
    (while (not (funcall condition))
      (when (> (float-time) end)
        (error "%s" what))
      ;; Eglot sends changes when Emacs is idle, which it never is here.
      (eglot--signal-textDocument/didChange)
      (accept-process-output nil 0.1)
      (sit-for 0.05))))

(defun try-has-code (code)
  "Whether a diagnostic of CODE is shown."
  (seq-some (lambda (diagnostic) (string-match-p code (flymake-diagnostic-text diagnostic)))
            (flymake-diagnostics)))

(defun try-go-to (words after)
  "Put the cursor AFTER characters after the beginning of WORDS."
  (goto-char (point-min))
  (search-forward words)
  (goto-char (+ (match-beginning 0) after)))

(defun try-ask (method)
  "What the server answers to METHOD at the cursor, as text."
  (format "%S" (jsonrpc-request (eglot--current-server-or-lose) method (eglot--TextDocumentPositionParams))))

(defun try-everything ()
  "Try one feature after the other."
  (find-file (getenv "KS_FILE"))
  (unless (eq major-mode 'kickstart-mode)
    (error "The mode is %s" major-mode))
  (try-say "mode")

  (setq eglot-sync-connect 20
        eglot-confirm-server-initiated-edits nil
        eglot-workspace-configuration '((ks-lint . (:syntax "RHEL9" :policy "ovirt-node" :disks ["sda=200GiB"]))))
  (let ((contact (eglot--guess-contact)))
    (setf (nth 3 contact) (list (getenv "KS_LINT") "lsp"))
    (apply #'eglot--connect contact))
  (flymake-start)
  (try-wait "No diagnostics" (lambda () (try-has-code "NODE011")))
  (try-say "diagnostics")

  (try-go-to "liveimg --url" 9)
  (unless (string-match-p "url" (try-ask :textDocument/hover))
    (error "Hover says nothing of --url"))
  (try-say "hover")

  (try-go-to "--bootproto=dhcp" 12)
  (unless (string-match-p "static" (try-ask :textDocument/completion))
    (error "Completion does not offer the kinds of addresses"))
  (try-say "completion")

  (try-go-to "--poolname=pool" 11)
  (unless (string-match-p ":line 20" (try-ask :textDocument/definition))
    (error "The definition of the pool is elsewhere"))
  (try-say "definition")

  (eglot-rename "thinpool0")
  (goto-char (point-min))
  (search-forward "--name=thinpool0")
  (when (search-forward "--poolname=pool " nil t)
    (error "A volume is in a pool of the old name"))
  (try-say "rename")

  (try-wait "No diagnostics after the rename" (lambda () (try-has-code "NODE011")))
  (try-go-to "--size=1000" 3)
  (let* ((actions (eglot-code-actions (line-beginning-position) (line-end-position)))
         (fix (seq-find (lambda (action) (string-match-p "size=1024" (format "%S" action))) actions)))
    (unless fix
      (error "No fix makes /boot larger: %S" actions))
    (eglot--apply-workspace-edit (plist-get fix :edit)))
  (try-go-to "part /boot --fstype=xfs --size=1024" 0)
  (try-wait "The finding is still there" (lambda () (not (try-has-code "NODE011"))))
  (try-say "code action")

  (try-go-to "lang en_US" 0)
  (delete-region (line-beginning-position) (line-end-position))
  (insert "lang   en_US.UTF-8  ")
  (eglot-format-buffer)
  (try-go-to "\nlang en_US.UTF-8\n" 0)
  (try-say "formatting")

  (eglot-shutdown (eglot--current-server-or-lose)))

(condition-case problem
    (try-everything)
  (error
   (princ (format "failed: %s\n" (error-message-string problem)))
   (kill-emacs 1)))

;;; emacs.el ends here
