#![allow(clippy::unwrap_used, clippy::panic)]

use super::{ExportError, account_folder, check_source, class_named, region_folder};

#[test]
fn folders_are_what_security_lake_takes() {
    assert_eq!(region_folder("eu-central-1"), "eu-central-1");
    assert_eq!(region_folder("../West Europe"), ".._West_Europe");
    assert_eq!(account_folder("111122223333"), "111122223333");
    assert_eq!(account_folder("1111"), "external_1111");
    assert_eq!(account_folder("my-project/7"), "external_my-project_7");
    assert_eq!(account_folder("external_x"), "external_x");
    for name in ["", "a/b", "..", "-a", "ä", &"a".repeat(65)] {
        assert!(check_source(name).is_err(), "{name}");
    }
    assert!(check_source("headwater_authentication").is_ok());
}

#[test]
fn classes_of_later_releases_are_refused() {
    for name in ["authentication", "3002", "Authentication"] {
        assert_eq!(class_named(name).unwrap().uid, Some(3002));
    }
    let older = class_named("tunnel_activity").unwrap_err();
    assert!(matches!(older, ExportError::ClassOlder { .. }), "{older}");
    assert!(older.to_string().ends_with("has no class `tunnel_activity`"), "{older}");
    assert!(matches!(class_named("nothing"), Err(ExportError::ClassUnknown { .. })));
}
