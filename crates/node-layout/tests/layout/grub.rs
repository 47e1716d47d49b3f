//! GRUB, as far as `grub.cfg` of RHEL needs it: the configuration that the distribution's scripts write is run by bash, whose
//! language is nearly GRUB's. What it saves is written to the environment block.

use crate::model::Model;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How the firmware starts GRUB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Firmware {
    Bios,
    Uefi,
}

/// What GRUB boots next, and how.
#[derive(Debug)]
pub(crate) struct Choice {
    /// The variable `default`: an id, or an index.
    pub(crate) default: String,
    /// Seconds that the menu waits; -1 waits for a key.
    pub(crate) timeout: String,
}

/// The commands of GRUB that a configuration of RHEL uses. `root` and `dev` are directories here.
const COMMANDS: &str = r#"
feature_platform_search_hint=y; feature_timeout_style=y; feature_menuentry_id=y; feature_all_video_module=y
set() { case $1 in *=*) printf -v "${1%%=*}" %s "${1#*=}";; esac; }
export() { :; }
insmod() { :; }
terminal_output() { :; }
own_entry() { return 1; }
blscfg() { echo blscfg; }
decrement() { printf -v "$1" %s "$((${!1} - 1))"; }
search() { for word; do case $word in --set=*) name=${word#--set=};; esac; done
    case $word in *b2) printf -v "$name" %s "$BOOT";; *) printf -v "$name" %s "$ESP";; esac; }
load_env() { [ "$1" = -f ] && file=$2 || file=$prefix/grubenv
    [ "$(head -c 24 "$file")" = '# GRUB Environment Block' -a "$(stat -Lc %s "$file")" = 1024 ] || { echo "bad $file" >&2; return; }
    while IFS= read -r line; do case $line in '#'*) ;; *=*) printf -v "${line%%=*}" %s "${line#*=}";; esac; done <"$file"; }
save_env() { for name; do
    if [ "${!name+set}" ]; then printf 'save %s %s=%s\n' "$prefix" "$name" "${!name}"; else printf 'save %s %s\n' "$prefix" "$name"; fi
    done; }
plain() { awk -v root="$root" '
    /^[ \t]*(menuentry|submenu) .*\{[ \t]*$/ { print "if own_entry; then"; kinds[++depth] = "fi"; next }
    /\{[ \t]*$/ { kinds[++depth] = "}" }
    /^[ \t]*\}[ \t]*$/ { print kinds[depth--]; next }
    { gsub(/\[ fwsetup --is-supported \]/, "true"); gsub(/\[ ! insmod bli \]/, "false"); gsub(/\(\$dev\)/, "$dev")
      gsub(/export \$prefix/, ":"); gsub(/-f "\//, "-f \"" root "/"); print }' "$1"; }
source() { eval "$(plain "$1")"; }
configfile() { config_directory=${1%/*}; source "$1"; }
configfile "$prefix/grub.cfg"
printf 'default=%s\ntimeout=%s\n' "$default" "$timeout"
"#;

/// The files of a configuration of RHEL: release, and what is where.
impl Model {
    /// An installed system of this release with the configuration that its `grub2-mkconfig` writes.
    pub(crate) fn installed_with_grub(release: &str, firmware: Firmware) -> Model {
        let model = Model::installed(release);
        model.put(
            "/sysroot/etc/os-release",
            "NAME=\"Red Hat Enterprise Linux\"\nID=\"rhel\"\nID_LIKE=\"fedora\"\n",
        );
        let fixture = |name: &str| {
            let path =
                Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/boot-entries/grub").join(name);
            std::fs::read_to_string(path).unwrap()
        };
        let boot = "/sysroot/boot/grub2";
        match firmware {
            Firmware::Bios => model.put(&format!("{boot}/grub.cfg"), &fixture(&format!("{release}.cfg"))),
            Firmware::Uefi => {
                let esp = "/sysroot/boot/efi/EFI/redhat";
                model.put("/sys/firmware/efi/fw_platform_size", "64\n");
                model.mount("/boot/efi", (252, 1), "vfat", "rw", 600 << 20, "vda1");
                let text = fixture(&format!("{release}.cfg"));
                if release == "rhel8" {
                    model.put(&format!("{esp}/grub.cfg"), &text);
                    model.put(&format!("{esp}/grubenv"), &model.read("boot/grub2/grubenv"));
                    let link = model.path(boot).join("grubenv");
                    std::fs::remove_file(&link).unwrap();
                    std::os::unix::fs::symlink("../efi/EFI/redhat/grubenv", &link).unwrap();
                } else {
                    model.put(&format!("{esp}/grub.cfg"), &fixture("esp.cfg"));
                    model.put(&format!("{boot}/grub.cfg"), &text);
                }
            }
        }
        model
    }

    /// GRUB's directory from which the firmware starts it, if it has a configuration that a release's scripts have written.
    fn grub_prefix(&self) -> Option<PathBuf> {
        let is_real = |dir: &PathBuf| {
            let text = std::fs::read_to_string(dir.join("grub.cfg")).unwrap_or_default();
            text.contains("load_env") || text.contains("configfile")
        };
        let uefi = self.path("/sys/firmware/efi/fw_platform_size").exists();
        let esp = self.sysroot().join("boot/efi/EFI/redhat");
        let bios = self.sysroot().join("boot/grub2");
        [esp].into_iter().filter(|_| uefi).chain([bios]).find(is_real)
    }

    /// The entry with this title.
    fn with_title(&self, title: &str) -> Option<String> {
        let title = format!("title {title}");
        let entries = std::fs::read_dir(self.sysroot().join("boot/loader/entries")).unwrap();
        let mut paths = entries.map(|entry| entry.unwrap().path());
        let path = paths.find(|path| std::fs::read_to_string(path).unwrap().lines().any(|l| l == title))?;
        Some(path.file_stem().unwrap().to_str().unwrap().to_owned())
    }

    /// Runs the configuration as the next boot does; `None` if the model has none of a release.
    pub(crate) fn run_grub(&self) -> Option<Choice> {
        let prefix = self.grub_prefix()?;
        let uefi = prefix.components().any(|c| c.as_os_str() == "EFI");
        let boot = self.sysroot().join("boot");
        let run = std::process::Command::new("bash")
            .args(["-c", COMMANDS])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("prefix", &prefix)
            .env("BOOT", &boot)
            .env("ESP", boot.join("efi"))
            .env("grub_platform", if uefi { "efi" } else { "pc" })
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&run.stderr);
        assert!(run.status.success() && errors.is_empty(), "{errors}");
        let said = String::from_utf8(run.stdout).unwrap();
        assert_eq!(said.lines().filter(|l| *l == "blscfg").count(), 1, "the entries are listed once: {said}");
        let mut now = BTreeMap::new();
        for line in said.lines() {
            if let Some(saved) = line.strip_prefix("save ") {
                let (dir, variable) = saved.split_once(' ').unwrap();
                save(&Path::new(dir).join("grubenv"), variable);
            } else if let Some((name, value)) = line.split_once('=') {
                now.insert(name.to_owned(), value.to_owned());
            }
        }
        let default = now.remove("default").unwrap();
        Some(Choice {
            default: self.with_title(&default).unwrap_or(default),
            timeout: now.remove("timeout").unwrap(),
        })
    }
}

/// GRUB's `save_env`: it writes over the blocks of an existing file, and deletes a variable that is not set.
fn save(path: &Path, variable: &str) {
    let Ok(text) = std::fs::read_to_string(path) else { return };
    let name = variable.split('=').next().unwrap();
    let is_set = variable.contains('=');
    let mut lines: Vec<&str> = text.lines().filter(|l| !l.starts_with("##")).collect();
    match lines.iter().position(|l| l.strip_prefix(name).is_some_and(|rest| rest.starts_with('='))) {
        Some(at) if is_set => lines[at] = variable,
        Some(at) => drop(lines.remove(at)),
        None if is_set => lines.push(variable),
        None => {}
    }
    let block = lines.join("\n") + "\n";
    assert!(block.len() <= 1024, "GRUB's block is full");
    std::fs::write(path, format!("{block:#<1024}")).unwrap();
}
