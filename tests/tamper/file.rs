//! Bits of the database's file itself.

use journal_verify::{Depth, Request, verify};
use lane_controller::journal::FILE_NAME;

use super::bench::{directory, keys, made, try_read};

/// Flips over the whole file, at even distances.
const FLIPS: usize = 1_200;

/// A bit of the file is part of a record or head, then the verifier finds it; or of an index or a page's structure, then
/// `--deep` finds it; or of nothing that is read: then every record is, byte for byte, what it was.
#[test]
fn a_flipped_bit_of_the_file_is_found_or_touches_no_record() {
    let dir = directory();
    let (good, heads) = made(dir.path());
    let bytes = std::fs::read(dir.path().join(FILE_NAME)).expect("read");
    let copy = directory();
    let path = copy.path().join(FILE_NAME);
    let request = |depth| Request { heads: heads.clone(), keys: Some(keys()), depth };
    let (mut named, mut refused, mut deep, mut nothing) = (0, 0, 0, 0);
    let step = bytes.len() / FLIPS;
    for flip in 0..FLIPS {
        let (place, bit) = (flip * step + flip % step, flip % 8);
        let mut changed = bytes.clone();
        changed[place] ^= 1 << bit;
        std::fs::write(&path, &changed).expect("written");
        match verify(&path, &request(Depth::Records)) {
            Err(_) => refused += 1,
            Ok(report) if report.damage.is_some() => named += 1,
            Ok(report) => {
                assert_eq!(report.records, 1_000);
                let same = try_read(&path).is_ok_and(|records| records == good);
                assert!(same, "bit {bit} of byte {place} changed a record and was not found");
                match verify(&path, &request(Depth::Structure)) {
                    Ok(report) if report.damage.is_none() => nothing += 1,
                    Ok(_) | Err(_) => deep += 1,
                }
            }
        }
    }
    println!(
        "{FLIPS} of the {} bits of the file: {named} found and named, {refused} make the file unreadable, {deep} in indexes \
         and structure (--deep), {nothing} in bytes that hold nothing: all 1,000 records read the same",
        bytes.len() * 8
    );
    assert!(named > FLIPS / 2, "most of the file is records");
}
