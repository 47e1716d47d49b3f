use crate::rules::{Context, Rule, mend};
use kickstart::{Command, Family};
use node_base::declare_code;
use node_base::diagnostic::{Applicability, Finding, Findings};

declare_code! {
    /// The kickstart sets neither a root password nor an administrator.
    ///
    /// ## Why
    /// The installer requires "Root password" or "User creation" until there is an administrator: a root password (or a
    /// root account that the kickstart locks), or a user of the group `wheel` whose account is not locked.
    ///
    /// ## Write instead
    /// ```text
    /// rootpw --iscrypted $6$…
    /// ```
    /// or
    /// ```text
    /// rootpw --lock
    /// user --name=admin --groups=wheel --iscrypted --password=$6$…
    /// ```
    ///
    /// ## Source
    /// Anaconda, rhel-8 and later: `check_admin_user_exists` in `pyanaconda/modules/users/users.py`; rhel-7: `mandatory` in
    /// `pyanaconda/ui/tui/spokes/password.py` and `user.py`; infra.osbuild#124.
    static CODE = "UNA002", "no-administrator", Unattended, Error;
}

pub(super) static RULE: Rule = Rule { codes: &[&CODE], check };

fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some(installer) = context.installer() else { return };
    let kickstart = context.kickstart;
    if installer.has_unread_files || kickstart.commands.is_empty() {
        return;
    }
    // A rootpw with an error of syntax is another finding.
    if kickstart.written("rootpw").next().is_some() {
        return;
    }
    let counts_locked = kickstart.version.family == Family::Rhel && kickstart.version.release == 7;
    let in_wheel = |c: &Command<'_>| {
        c.value("--groups")
            .is_some_and(|g| g.text.split(',').any(|name| name.trim().split('(').next() == Some("wheel")))
    };
    if kickstart.all("user").any(|c| in_wheel(c) && (counts_locked || !c.has("--lock"))) {
        return;
    }
    let mut finding =
        Finding::new(&CODE, format!("no root password and no administrator: {}", installer.stops()))
            .help("add rootpw --iscrypted HASH, or a user with --groups=wheel")
            .fix(mend::add_lines(
                context,
                &["rootpw --iscrypted HASH".to_owned()],
                Applicability::Placeholder,
            ));
    if let Some(user) = kickstart.all("user").next() {
        let why = if in_wheel(user) { "this user is locked" } else { "this user is not in the group wheel" };
        finding = finding.related(user.span, why);
    }
    findings.push(finding);
}
