//! The demonstration, as far as it refuses; what it shows is tested where it is made.

use crate::support::Folder;

#[test]
fn a_demo_is_kept_in_a_folder_of_its_own_only() {
    let folder = Folder::new("demo-keep");
    folder.write("mine/notes.txt", "not to be written over");
    let refused = folder.watchfire(&["demo", "--for", "15s", "--keep", "mine"]);
    assert_ne!(refused.code, Some(0), "{refused:?}");
    refused.told("mine is not empty: name a new folder with --keep");
    assert_eq!(std::fs::read_dir(folder.path().join("mine")).unwrap().count(), 1, "nothing was written there");
}
