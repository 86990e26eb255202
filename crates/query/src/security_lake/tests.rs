//! Names of folders, classes, and how rows are spread over files.

#![allow(clippy::unwrap_used, clippy::panic)]

use arrow::array::AsArray as _;
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use headwater_lake::{Lake, LakeOptions};
use object_store::ObjectStoreExt as _;
use object_store::path::Path;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::files::{Files, Target};
use super::{Export, ExportError, account_folder, check_source, class_named, region_folder};

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

fn export_to(target: &Lake) -> Export {
    Export {
        class: class_named("authentication").unwrap(),
        condition: None,
        since: None,
        until: None,
        region: None,
        account: None,
        source: "logons".to_owned(),
        target: target.clone(),
        lake: "memory:///lake".to_owned(),
        spool_folder: std::env::temp_dir(),
    }
}

#[tokio::test]
async fn full_files_are_followed_by_others_and_places_may_come_again() {
    let target = Lake::open("memory:///out", LakeOptions::default()).unwrap();
    let schema = Schema::new(vec![Field::new("time", DataType::Int64, true)]);
    let files = Files::new(Target::new(&export_to(&target)).unwrap(), schema.into()).unwrap();
    let mut files = files.with_file_bytes_max(1);
    let places = ["a=1", "a=2", "a=1"];
    for (turn, place) in places.into_iter().enumerate() {
        for row in 0..2_500 {
            let json = format!("{{\"time\":{}}}", turn * 10_000 + row);
            files.push(place, json.as_bytes()).await.unwrap();
        }
    }
    let written = files.finish().await.unwrap();
    assert_eq!((written.files, written.removed), (9, 0));
    let store = target.object_store();
    let stem = Target::new(&export_to(&target)).unwrap().stem().to_owned();
    let mut times = Vec::new();
    for (place, parts) in [("a=1", 6), ("a=2", 3)] {
        for part in 0..parts {
            let path = format!("out/ext/logons/2.0/{place}/{stem}-{part:05}.parquet");
            let bytes = store.get(&Path::from(path)).await.unwrap().bytes().await.unwrap();
            for rows in ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap().build().unwrap() {
                times.extend_from_slice(
                    rows.unwrap().column(0).as_primitive::<Int64Type>().values(),
                );
            }
        }
    }
    let expected = [0, 20_000, 10_000].map(|start| start..start + 2_500);
    assert!(times.into_iter().eq(expected.into_iter().flatten()));
}
