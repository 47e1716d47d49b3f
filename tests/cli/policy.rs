//! `ks-lint policy`, and policies of one's own.

use super::run::Place;

#[test]
fn the_built_in_policies_are_listed_and_shown() {
    let place = Place::new();
    let list = place.run(["policy", "list"]);
    assert_eq!(list.status, 0);
    for name in ["ovirt-node ", "ovirt-node-4.4 ", "rhvh-4.4 ", "ovirt-node-4.3 "] {
        assert!(list.stdout.contains(name), "{name} is not listed:\n{}", list.stdout);
        let shown = place.run(["policy", "show", name.trim()]);
        assert_eq!(shown.status, 0, "{}", shown.stderr);
        assert!(shown.stdout.contains("/var "), "{name} shows no /var:\n{}", shown.stdout);
    }
    let json = place.run(["policy", "list", "--format", "json"]).json();
    let names: Vec<_> =
        json["policies"].as_array().into_iter().flatten().map(|policy| &policy["name"]).collect();
    assert_eq!(json["schema"], 1);
    assert_eq!(names.len(), list.stdout.lines().count());
    assert!(names.contains(&&"ovirt-node".into()), "{names:?}");
}

#[test]
fn an_unknown_policy_suggests_the_nearest() {
    let output = Place::new().run(["policy", "show", "ovirt-nod"]);
    assert_eq!(output.status, 2);
    assert!(output.stderr.contains("did you mean ovirt-node?"), "{}", output.stderr);
}

#[test]
fn a_printed_policy_is_a_policy() {
    let place = Place::new();
    let toml = place.run(["policy", "show", "--format", "toml", "ovirt-node"]);
    place.file("copy.toml", &toml.stdout);
    let (copy, original) =
        (place.run(["policy", "show", "copy.toml"]), place.run(["policy", "show", "ovirt-node"]));
    assert_eq!(copy.stdout, original.stdout, "{}", copy.stderr);
}

#[test]
fn a_policy_of_ones_own_holds_and_its_mistakes_are_named_with_their_line() {
    let place = Place::new();
    let kickstart = "logvol none --vgname=a --name=p --thinpool --size=9000\n\
                     logvol / --vgname=a --name=r --thin --poolname=p --size=9000\n";
    place.file("x.ks", kickstart);
    place.file("site.toml", "extends = \"ovirt-node\"\n[root]\nmin = \"12 GiB\"\n");
    let output = place.run(["--policy", "site.toml", "x.ks"]);
    assert_eq!(output.status, 1);
    let wanted = "/ has 9000 MiB; the policy site needs at least 12288 MiB (12 GiB)";
    assert!(output.stdout.contains(wanted), "{}", output.stdout);

    place.file("site.toml", "extends = \"ovirt-node\"\n[root]\nminimum = \"12 GiB\"\n");
    for arguments in [["--policy", "site.toml", "x.ks"], ["policy", "show", "site.toml"]] {
        let output = place.run(arguments);
        assert_eq!(output.status, 2);
        assert!(output.stderr.contains("site.toml:3: unknown key 'minimum'"), "{}", output.stderr);
    }
}

#[test]
fn a_policy_that_leaves_out_the_size_of_an_image_gets_the_same_answer_from_check_and_plan() {
    let place = Place::new();
    place.file("site.toml", "[root]\ndevice-types = [\"LVM_THINP\"]\n[images]\nkeep = 3\n");
    let kickstart = "clearpart --all --initlabel\nreqpart --add-boot\npart pv.01 --size=30720\nvolgroup a pv.01\n\
                     logvol none --vgname=a --name=p --thinpool --size=16384\n\
                     logvol / --vgname=a --name=r --thin --poolname=p --size=6144\n";
    place.file("x.ks", kickstart);
    let plan =
        place.run(["plan", "--policy", "site.toml", "--disk", "sda=40GiB", "--format", "json", "x.ks"]);
    assert!(plan.stdout.contains("\"images\":{\"fit\":2"), "{}{}", plan.stdout, plan.stderr);
    let check = place.run(["--policy", "site.toml", "x.ks"]);
    assert!(check.stdout.contains("[NODE012]: only 2 images fit"), "{}", check.stdout);
}
