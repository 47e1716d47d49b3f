;;; kickstart-mode.el --- Kickstarts, with the language server of ks-lint -*- lexical-binding: t; -*-

;; Package-Requires: ((emacs "28.1"))

;;; Commentary:

;; (add-to-list 'load-path "…/editors/emacs")
;; (require 'kickstart-mode)
;; (add-hook 'kickstart-mode-hook #'eglot-ensure)

;;; Code:

(defvar kickstart-mode-syntax-table
  (let ((table (make-syntax-table)))
    (modify-syntax-entry ?# "<" table)
    (modify-syntax-entry ?\n ">" table)
    (modify-syntax-entry ?\" "\"" table)
    (modify-syntax-entry ?\' "\"" table)
    (modify-syntax-entry ?- "w" table)
    (modify-syntax-entry ?% "w" table)
    table)
  "Comments, strings and words of kickstarts.")

(defvar kickstart-mode-keywords
  '(("^\\(%[a-z-]+\\)" 1 font-lock-preprocessor-face)
    ("^[ \t]*\\([a-z]+\\)\\_>" 1 font-lock-keyword-face)
    ("\\(--[a-zA-Z0-9-]+\\)" 1 font-lock-variable-name-face))
  "Colours; the language server knows the words of each release.")

;;;###autoload
(define-derived-mode kickstart-mode prog-mode "Kickstart"
  "Kickstarts of Anaconda."
  (setq-local comment-start "# ")
  (setq-local comment-end "")
  (setq-local font-lock-defaults '(kickstart-mode-keywords)))

(defun kickstart-mode-content-p ()
  "Whether the buffer begins as a kickstart does."
  (save-excursion
    (goto-char (point-min))
    (re-search-forward "^\\(#version=\\|%\\(packages\\|pre\\|post\\|addon\\|include\\)\\_>\\)" 8192 t)))

;;;###autoload
(add-to-list 'auto-mode-alist '("\\.ks\\(\\.[a-z0-9]+\\)?\\'" . kickstart-mode))
;;;###autoload
(add-to-list 'magic-fallback-mode-alist '(kickstart-mode-content-p . kickstart-mode))

(with-eval-after-load 'eglot
  (defvar eglot-server-programs)
  (add-to-list 'eglot-server-programs '(kickstart-mode . ("ks-lint" "lsp"))))

(provide 'kickstart-mode)
;;; kickstart-mode.el ends here
