use super::custom;
use crate::rules::Context;
use node_base::declare_code;
use node_base::diagnostic::{Finding, Findings};
use node_base::names::{self, LONGEST};

declare_code! {
    /// A volume or volume group has a name that LVM or the node refuses.
    ///
    /// ## Why
    /// LVM takes letters, digits and `+ _ . -`, no `-` at the start, and keeps some names for its own hidden volumes.
    /// Anaconda and imgbased take at most 55 characters. Some of these names stop the installation early, others
    /// only when the volume is made.
    ///
    /// ## Example
    /// ```text
    /// logvol /var --vgname=HostVG --name=var/volume --thin --poolname=HostPool --size=5120
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// logvol /var --vgname=HostVG --name=var --thin --poolname=HostPool --size=5120
    /// ```
    ///
    /// ## Source
    /// lvm(8), "Valid names"; blivet, `is_lvm_name_valid`; imgbased 1.2.26, `lvm.py`.
    pub(super) static CODE = "NODE027", "volume-name-refused", Node, Error;
}

pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some((_, view)) = custom(context) else { return };
    let groups = view.groups.iter().filter(|g| g.command.valid).filter_map(|g| {
        let name = g.command.first()?;
        Some(("the volume group", name, false))
    });
    let volumes = view.logvols.iter().filter_map(|c| Some(("the volume", c.value("--name")?, true)));
    for (what, name, volume) in groups.chain(volumes) {
        if let Some(problem) = problem(&name.text, volume) {
            findings.push(
                Finding::new(&CODE, format!("{what} '{}': {problem}", name.text.escape_debug()))
                    .at(name.span)
                    .help("use letters, digits, '_' and '.'"),
            );
        }
    }
}

/// What is wrong with a name, if anything.
pub(super) fn problem(name: &str, volume: bool) -> Option<String> {
    if name.is_empty() {
        return Some("a name has to have a character".to_owned());
    }
    if name == "." || name == ".." {
        return Some("LVM does not take this name".to_owned());
    }
    if let Some(c) = name.chars().find(|c| !c.is_ascii_alphanumeric() && !"+_.-".contains(*c)) {
        return Some(format!("LVM does not take '{}' in a name", c.escape_debug()));
    }
    if name.starts_with('-') {
        return Some("LVM does not take a '-' at the start of a name".to_owned());
    }
    if name.len() > LONGEST {
        return Some(format!("{} characters, {LONGEST} are the most", name.len()));
    }
    if !volume {
        return None;
    }
    names::reserved_word(name)
        .map(|word| format!("LVM keeps names with '{word}' in them for its hidden volumes"))
}

#[cfg(test)]
mod tests {
    use super::problem;

    #[test]
    fn names_are_refused_where_lvm_refuses_them() {
        for name in ["root", "var_log", "ovirt-node-ng-4.5.6-0.20261121.0+1", "a.b", "+", "_x"] {
            assert_eq!(problem(name, true), None, "{name} is a name that LVM takes");
        }
        for name in ["", ".", "..", "-rf", "a b", "a/b", "ü", "pool_tmeta", "snapshot1", &"x".repeat(56)] {
            assert!(problem(name, true).is_some(), "{name} is no name that LVM takes");
        }
        assert_eq!(problem("snapshot1", false), None, "a volume group may be called so");
    }
}
