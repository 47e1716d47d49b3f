use super::{custom, may_exist};
use crate::declare_code;
use crate::diagnostic::{Finding, Findings};
use crate::rules::Context;
use std::collections::HashMap;

declare_code! {
    /// A thin volume names a pool that its volume group does not have.
    ///
    /// ## Why
    /// Anaconda stops with "No thin pool exists with the name …". Often the pool is there, but in another volume
    /// group, or was made without `--thinpool`.
    ///
    /// ## Example
    /// ```text
    /// logvol / --vgname=HostVG --name=root --thin --poolname=HostPool --size=10240
    /// ```
    ///
    /// ## Write instead
    /// ```text
    /// logvol none --vgname=HostVG --name=HostPool --thinpool --size=1 --grow
    /// logvol / --vgname=HostVG --name=root --thin --poolname=HostPool --size=10240
    /// ```
    ///
    /// ## Source
    /// Anaconda, custom partitioning of 33.16 to 45.21.
    pub(super) static CODE = "NODE002", "thin-pool-missing", Node, Error;
}

pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some((_, view)) = custom(context) else { return };
    let mut first_of: HashMap<(&str, &str), Finding> = HashMap::new();
    let mut order = Vec::new();
    for command in
        view.logvols.iter().filter(|c| c.has("--thin") && !c.has("--useexisting") && !c.has("--noformat"))
    {
        let (Some(group), Some(pool)) = (command.value("--vgname"), command.value("--poolname")) else {
            continue;
        };
        let key = (group.text.as_ref(), pool.text.as_ref());
        if view.pool(key.0, key.1).is_some() {
            continue;
        }
        let exists_already =
            view.group(key.0).is_some_and(|g| g.command.has("--useexisting") || g.command.has("--noformat"));
        if exists_already || may_exist(context, findings, &format!("--name={}", key.1)) {
            continue;
        }
        if let Some(finding) = first_of.remove(&key) {
            first_of.insert(key, finding.related(pool.span, "this one too"));
            continue;
        }
        let mut finding =
            Finding::new(&CODE, format!("the volume group '{}' has no thin pool '{}'", key.0, key.1))
                .at(command.option_span("--poolname").unwrap_or(command.span))
                .label("no such pool");
        let namesake = view.logvols.iter().find(|c| c.value("--name").is_some_and(|n| n.text == key.1));
        finding = match (view.pools.iter().find(|p| p.name == key.1), namesake) {
            (Some(other), _) => finding
                .related(other.command.span, format!("it is in the volume group '{}'", other.group))
                .help(format!("all of them belong to one volume group: write '--vgname={}'", other.group)),
            (None, Some(volume)) => finding
                .related(volume.span, "a volume of this name is made here, but it is no pool")
                .help("add '--thinpool' to the volume that is to be the pool"),
            (None, None) => match view.pools.iter().find(|p| p.group == key.0) {
                Some(pool) => finding
                    .related(pool.command.span, format!("the pool of '{}' is called '{}'", key.0, pool.name))
                    .help(format!("write '--poolname={}'", pool.name)),
                None => finding.help(format!(
                    "write 'logvol none --vgname={} --name={} --thinpool --size=1 --grow' before it",
                    key.0, key.1
                )),
            },
        };
        order.push(key);
        first_of.insert(key, finding);
    }
    findings.extend(order.into_iter().filter_map(|key| first_of.remove(&key)));
}
