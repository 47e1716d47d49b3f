//! The kickstart by mount point, pool and volume group, with what `%post` does about the layout. It is made once for a
//! kickstart and decides nothing.

mod model; // volumes, pools, groups, sizes
mod post; // what %post does about the layout
mod sums; // what pools and volume groups must hold

pub(super) use model::{Group, On, Pool, Size, Volume, positive};
pub(super) use post::{Hidden, InitCall, Program};
pub(super) use sums::{Physical, Promised, automatic_metadata};

use crate::directives;
use crate::rules::commands::{is_image_source, is_package_source};
use crate::rules::shell::Scripts;
use anaconda_plan::machine::{Level, superblock};
use foldhash::{HashMap, HashMapExt};
use kickstart::{Command, Kickstart, SectionKind};
use node_base::source::{Sources, Span, split_lines};
use node_base::units::MiB;
use sums::Sums;

/// What a kickstart asks for, as far as a node's layout is concerned.
#[derive(Debug)]
pub(crate) struct View<'a> {
    /// The words that show that this kickstart builds an image instead of installing one.
    pub(crate) build: Option<Span>,
    /// The `autopart` command without errors.
    pub(crate) autopart: Option<&'a Command<'a>>,
    /// The `reqpart` command without errors.
    pub(crate) reqpart: Option<&'a Command<'a>>,
    /// Every mount point, in the order of the file. The last request for a mount point wins, as in Anaconda.
    pub(crate) volumes: Vec<Volume<'a>>,
    /// Every `logvol --thinpool`.
    pub(crate) pools: Vec<Pool<'a>>,
    /// Every `volgroup`.
    pub(crate) groups: Vec<Group<'a>>,
    /// What they must hold.
    pub(crate) sums: Sums<'a>,
    pool_places: HashMap<(&'a str, &'a str), usize>,
    group_places: HashMap<&'a str, usize>,
    /// Every accepted `logvol`.
    pub(crate) logvols: Vec<&'a Command<'a>>,
    /// Every accepted `part`.
    pub(crate) partitions: Vec<&'a Command<'a>>,
    /// Whether a command lays out storage piece by piece.
    pub(crate) custom: bool,
    /// A `%include` among the commands that was not read: what seems to be missing may be in it.
    pub(crate) include: Option<Span>,
    /// The accepted command that says where the system comes from as an image.
    pub(crate) image: Option<&'a Command<'a>>,
    /// The accepted command that names packages' source (`url`, `cdrom`, …).
    pub(crate) packages_source: Option<&'a Command<'a>>,
    /// The `%packages` sections' headers.
    pub(crate) packages: Vec<Span>,
    /// The headers of `%addon org_ovirt_node`, and whether it initialises the layout.
    pub(crate) addon: Option<(Span, bool)>,
    /// Calls in `%post` that initialise the layout.
    pub(crate) inits: Vec<InitCall<'a>>,
    /// Whether such a program appears in a `%post` in a way that is not understood.
    pub(crate) init_hidden: bool,
    /// A `%include` in a `%post`: the calls in it are not known.
    pub(crate) post_include: Option<Span>,
}

/// Starts of the names of packages that only an image of a node is built with.
const NODE_PACKAGES: [&str; 5] = [
    "ovirt-release",
    "ovirt-node",
    "imgbased",
    "redhat-release-virtualization-host",
    "redhat-virtualization-host",
];

impl<'a> View<'a> {
    /// Reads the commands once, and the `%post` scripts once.
    pub(crate) fn new(sources: &'a Sources, kickstart: &'a Kickstart<'a>, scripts: &Scripts) -> Self {
        let mut view = View {
            build: None,
            autopart: kickstart.last("autopart"),
            reqpart: kickstart.last("reqpart"),
            volumes: Vec::new(),
            pools: Vec::new(),
            groups: Vec::new(),
            sums: Sums::default(),
            pool_places: HashMap::new(),
            group_places: HashMap::new(),
            logvols: Vec::new(),
            partitions: Vec::new(),
            custom: false,
            include: kickstart.first_unread_file().map(|i| i.span),
            image: None,
            packages_source: None,
            packages: kickstart.sections_of(SectionKind::Packages).map(|s| s.header_span).collect(),
            addon: addon(sources, kickstart),
            inits: Vec::new(),
            init_hidden: false,
            post_include: None,
        };
        let mut mounts: HashMap<&str, usize> = HashMap::new();
        for command in &kickstart.commands {
            view.read(command, &mut mounts);
        }
        view.size_mirrors();
        view.sums = Sums::of(&view.logvols, &view.partitions, &view.groups);
        for section in kickstart.sections_of(SectionKind::Post) {
            let script = post::Script::read(sources, scripts, section);
            view.init_hidden |= script.hidden;
            view.inits.extend(script.inits);
        }
        view.post_include = kickstart.includes.iter().find_map(|include| {
            let section = kickstart.sections.get(include.section?)?;
            (section.kind == SectionKind::Post).then_some(include.span)
        });
        post::judge_order(sources, scripts, kickstart, &mut view.inits);
        view.build = view.builds_an_image(sources, scripts, kickstart);
        view
    }

    fn read(&mut self, command: &'a Command<'a>, mounts: &mut HashMap<&'a str, usize>) {
        let option = |name: &str| command.value(name).map(|v| v.text.as_ref());
        let on = match command.name {
            "part" => On::Partition,
            "raid" => On::Raid,
            "btrfs" => On::Btrfs,
            "mount" => On::Existing,
            "logvol" if command.has("--thin") => {
                On::Thin(option("--vgname").unwrap_or_default(), option("--poolname").unwrap_or_default())
            }
            // What exists already may be thin.
            "logvol" if command.has("--useexisting") || command.has("--noformat") => On::Existing,
            "logvol" => On::Thick,
            "volgroup" => {
                self.custom = true;
                if let Some(name) = command.first() {
                    self.group_places.insert(&name.text, self.groups.len());
                    self.groups.push(Group { command, name: &name.text });
                }
                return;
            }
            name if command.valid && is_image_source(name) => {
                self.image = Some(command);
                return;
            }
            name if command.valid && (name == "repo" || is_package_source(name)) => {
                self.packages_source = self.packages_source.or(Some(command));
                return;
            }
            _ => return,
        };
        self.custom = true;
        if command.valid {
            match command.name {
                "logvol" => self.logvols.push(command),
                "part" => self.partitions.push(command),
                _ => {}
            }
        }
        if command.name == "logvol" && command.has("--thinpool") {
            let name = option("--name").unwrap_or_default();
            let group = option("--vgname").unwrap_or_default();
            self.pool_places.entry((group, name)).or_insert(self.pools.len());
            self.pools.push(Pool { command, name, group, size: Size::of(command), accepted: command.valid });
            return;
        }
        // `mount DEVICE MOUNTPOINT`; the others name the mount point first.
        let place = if on == On::Existing { command.positionals().nth(1) } else { command.first() };
        let Some(place) = place.filter(|p| p.text.starts_with('/')) else { return };
        let mount = trimmed(&place.text);
        let volume = Volume {
            command,
            mount,
            mount_span: place.span,
            on,
            size: if matches!(command.name, "part" | "logvol") { Size::of(command) } else { Size::Unknown },
            accepted: command.valid,
        };
        match mounts.get(mount) {
            // A command that the language refuses does not replace one that it accepts.
            Some(&at) if command.valid || !self.volumes[at].accepted => self.volumes[at] = volume,
            Some(_) => {}
            None => {
                mounts.insert(mount, self.volumes.len());
                self.volumes.push(volume);
            }
        }
    }

    /// A RAID 1 array is as large as its smallest member without the superblock.
    fn size_mirrors(&mut self) {
        let partitions: HashMap<&str, MiB> = self
            .partitions
            .iter()
            .filter_map(|c| Some((c.first()?.text.as_ref(), Size::of(c).fixed()?)))
            .collect();
        for volume in self.volumes.iter_mut().filter(|v| v.on == On::Raid) {
            let level = volume.command.value("--level").and_then(|l| Level::from_word(&l.text));
            let mirrored = level == Some(Level::Raid1);
            let members: Option<Vec<MiB>> = volume
                .command
                .positionals()
                .skip(1)
                .map(|m| partitions.get(m.text.as_ref()).copied())
                .collect();
            if let Some(smallest) = members.and_then(|m| m.into_iter().min()).filter(|_| mirrored) {
                volume.size = Size::Fixed(smallest - superblock(smallest.bytes()).mib_floor());
            }
        }
    }

    /// The accepted request for a mount point.
    pub(crate) fn volume(&self, mount: &str) -> Option<&Volume<'a>> {
        self.volumes.iter().find(|v| v.accepted && v.mount == mount)
    }

    /// The pool that root is in; `None` if the kickstart does not make it.
    pub(crate) fn root_pool(&self) -> Option<&Pool<'a>> {
        match self.volume("/")?.on {
            On::Thin(group, pool) => self.pool(group, pool),
            _ => None,
        }
    }

    /// The pool of this name in this volume group.
    pub(crate) fn pool(&self, group: &str, name: &str) -> Option<&Pool<'a>> {
        self.pool_places.get(&(group, name)).map(|&at| &self.pools[at])
    }

    /// The volume group of this name.
    pub(crate) fn group(&self, name: &str) -> Option<&Group<'a>> {
        self.group_places.get(name).map(|&at| &self.groups[at])
    }

    /// A `logvol` line that would add this mount point to root's pool.
    pub(crate) fn line_for(&self, mount: &str, size: MiB, options: &[String]) -> String {
        // Root may name the wrong pool: one that the kickstart makes is preferred.
        let (group, pool) = match (self.root_pool().or(self.pools.first()), self.volume("/").map(|v| v.on)) {
            (Some(pool), _) => (pool.group, pool.name),
            (None, Some(On::Thin(group, pool))) => (group, pool),
            (None, _) => (self.groups.first().map_or("HostVG", |g| g.name), "HostPool"),
        };
        let name = match mount.trim_start_matches('/') {
            "" => "root".to_owned(),
            path => path.replace('/', "_"),
        };
        let options = match options {
            [] => String::new(),
            list => format!(" --fsoptions=\"defaults,{}\"", list.join(",")),
        };
        format!(
            "logvol {mount} --vgname={group} --name={name} --thin --poolname={pool}{options} --size={}",
            size.0
        )
    }

    /// The words that show that this kickstart is fed to an image builder (livemedia-creator): a `%post` that
    /// calls `imgbase image-build`, or packages of a node onto one plain partition.
    fn builds_an_image(
        &self,
        sources: &Sources,
        scripts: &Scripts,
        kickstart: &Kickstart<'_>,
    ) -> Option<Span> {
        if self.image.is_some() || self.addon.is_some() || !self.inits.is_empty() {
            return None;
        }
        if let Some(span) = kickstart
            .sections_of(SectionKind::Post)
            .find_map(|s| post::call_of(sources, scripts, s, &["imgbase", "image-build"]))
        {
            return Some(span);
        }
        let on_one_partition = self.groups.is_empty()
            && self.autopart.is_none()
            && self.volume("/").is_some_and(|v| v.on == On::Partition)
            && self.volumes.iter().all(|v| v.mount == "/" || v.mount.starts_with("/boot"));
        if !on_one_partition || self.packages_source.is_none() {
            return None;
        }
        kickstart.sections_of(SectionKind::Packages).find_map(|section| {
            section
                .packages
                .iter()
                .find(|line| !line.excluded && NODE_PACKAGES.iter().any(|p| line.name.starts_with(p)))
                .map(|line| line.span)
        })
    }
}

/// Why this is the kickstart of a node, if it is one. Asked of every kickstart, so it needs no [`View`].
pub(crate) fn makes_a_node(sources: &Sources, kickstart: &Kickstart<'_>) -> Option<&'static str> {
    let scripts = Scripts::default();
    let initialises = |section| {
        let script = post::Script::read(sources, &scripts, section);
        script.hidden || !script.inits.is_empty()
    };
    if addon(sources, kickstart).is_some() {
        Some("it has %addon org_ovirt_node")
    } else if kickstart.sections_of(SectionKind::Post).any(initialises) {
        Some("it initialises a node layout in %post")
    } else {
        None
    }
}

/// A mount point without trailing slashes.
fn trimmed(mount: &str) -> &str {
    match mount.trim_end_matches('/') {
        "" => "/",
        rest => rest,
    }
}

/// The header of the add-on's section, and whether it initialises the layout (it does unless it says `--no-init`).
fn addon(sources: &Sources, kickstart: &Kickstart<'_>) -> Option<(Span, bool)> {
    let section = kickstart
        .sections_of(SectionKind::Addon)
        .find(|s| s.positionals().next().is_some_and(|w| w.text == directives::NAME))?;
    let skips = split_lines(sources.text_of(section.body)).any(|line| {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        words.next() == Some("layout") && words.any(|w| w == "--no-init")
    });
    Some((section.header_span, !skips))
}
