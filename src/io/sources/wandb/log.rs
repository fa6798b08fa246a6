//! The framing of a run file: a header of 7 bytes, then blocks of 32 KiB with chunks of records.
//!
//! A chunk is a CRC-32 (of its type and its data), a length, a type (whole, first, middle, last) and data; a
//! record goes over as many as it needs; what is left of a block that has no room for a chunk's header is
//! zeros. A record that is not whole yet is read again from its start when the file has grown.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::super::super::document::Complaints;
use super::super::super::tail::Stamp;
use super::run::Run;

const BLOCK: u64 = 32 * 1024;
const HEADER: u64 = 7;
/// Bytes that are read of a file at once.
const CHUNK: u64 = 8 * 1024 * 1024;

/// A run file and how far it was read.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    stamp: Option<Stamp>,
    /// Where the next record begins.
    offset: u64,
}

/// What stands at a place.
enum Found {
    Record {
        data: Vec<u8>,
        next: u64,
    },
    /// The record is not whole: the file ends.
    Cut,
    /// Damage; reading goes on at the next block.
    Damage {
        next: u64,
    },
}

impl Log {
    pub fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            stamp: None,
            offset: 0,
        }
    }

    /// Takes what is new; returns whether something was.
    pub fn look(&mut self, run: &mut Run, name: &str, complaints: &mut Complaints) -> io::Result<bool> {
        let stamp = Stamp::of(&std::fs::metadata(&self.path)?);
        if self.stamp == Some(stamp) {
            return Ok(false);
        }
        if stamp.size < self.offset || self.stamp.is_some_and(|old| !old.is_same_file(&stamp)) {
            self.offset = 0;
            *run = Run::default();
            complaints.clear(name);
        }
        let mut file = File::open(&self.path)?;
        let mut is_new = self.stamp.is_none();
        loop {
            file.seek(SeekFrom::Start(self.offset))?;
            let mut bytes = Vec::new();
            Read::by_ref(&mut file).take(CHUNK).read_to_end(&mut bytes)?;
            let before = self.offset;
            self.take(&bytes, run, name, complaints);
            is_new |= self.offset > before;
            if self.offset == before || (bytes.len() as u64) < CHUNK {
                break;
            }
        }
        self.stamp = Some(stamp);
        Ok(is_new)
    }

    fn take(&mut self, bytes: &[u8], run: &mut Run, name: &str, complaints: &mut Complaints) {
        let start = self.offset;
        if start == 0 {
            if bytes.len() < 7 {
                return;
            }
            if bytes.get(..4) != Some(b":W&B") || bytes.get(4..6) != Some(&[0xe1, 0xbe]) {
                complaints.say(name, None, "this is no W&B run file.");
                self.offset = u64::MAX / 2;
                return;
            }
            self.offset = HEADER;
        }
        loop {
            match record(bytes, start, self.offset) {
                Found::Record { data, next } => {
                    run.take(&data);
                    self.offset = next;
                }
                Found::Cut => return,
                Found::Damage { next } => {
                    if next >= start + bytes.len() as u64 {
                        // Perhaps it is only being written: judged when there is more behind it.
                        return;
                    }
                    complaints.add(
                        name,
                        None,
                        &format!(
                            "the bytes from {} to {next} are damaged; they were skipped.",
                            self.offset
                        ),
                    );
                    self.offset = next;
                }
            }
        }
    }
}

/// The record that begins at `at`; `bytes` begin at `start` of the file.
fn record(bytes: &[u8], start: u64, mut at: u64) -> Found {
    let slice = |from: u64, length: u64| {
        let from = usize::try_from(from.checked_sub(start)?).ok()?;
        bytes.get(from..from.checked_add(usize::try_from(length).ok()?)?)
    };
    let mut data = Vec::new();
    let mut is_inside = false;
    loop {
        let left = BLOCK - at % BLOCK;
        if left < HEADER {
            at += left;
            continue;
        }
        let Some(header) = slice(at, HEADER) else {
            return Found::Cut;
        };
        let [c0, c1, c2, c3, l0, l1, kind] = *header else {
            return Found::Cut;
        };
        let length = u64::from(u16::from_le_bytes([l0, l1]));
        let next_block = at - at % BLOCK + BLOCK;
        if kind == 0 && length == 0 {
            if is_inside {
                return Found::Damage { next: next_block };
            }
            at = next_block;
            continue;
        }
        let is_fitting = length <= left - HEADER && matches!(kind, 1..=4);
        let is_in_order = is_inside == matches!(kind, 3 | 4);
        if !is_fitting || !is_in_order {
            return Found::Damage { next: next_block };
        }
        let Some(chunk) = slice(at + HEADER, length) else {
            return Found::Cut;
        };
        if crc32(kind, chunk) != u32::from_le_bytes([c0, c1, c2, c3]) {
            return Found::Damage { next: next_block };
        }
        data.extend_from_slice(chunk);
        at += HEADER + length;
        if matches!(kind, 1 | 4) {
            return Found::Record { data, next: at };
        }
        is_inside = true;
    }
}

/// CRC-32 (IEEE 802.3, reflected) of a type and the data after it.
fn crc32(kind: u8, data: &[u8]) -> u32 {
    const TABLE: [u32; 256] = table();
    let step = |crc: u32, byte: u8| {
        let [low, ..] = crc.to_le_bytes();
        (crc >> 8) ^ TABLE.get(usize::from(low ^ byte)).copied().unwrap_or(0)
    };
    !data.iter().fold(step(!0, kind), |crc, byte| step(crc, *byte))
}

const fn table() -> [u32; 256] {
    let mut table = [0u32; 256];
    let mut k = 0;
    while k < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "below 256")]
        let mut crc = k as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 {
                (crc >> 1) ^ 0xedb8_8320
            } else {
                crc >> 1
            };
            bit += 1;
        }
        table[k] = crc;
        k += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_the_standard() {
        // The check value of CRC-32/ISO-HDLC: "123456789".
        assert_eq!(crc32(b'1', b"23456789"), 0xcbf4_3926);
    }

    /// A chunk of a type with data, as it stands in a file.
    fn chunk(kind: u8, data: &[u8]) -> Vec<u8> {
        let mut all = crc32(kind, data).to_le_bytes().to_vec();
        all.extend(u16::try_from(data.len()).unwrap().to_le_bytes());
        all.push(kind);
        all.extend(data);
        all
    }

    #[test]
    fn a_record_over_two_blocks_is_put_together_and_a_cut_one_waits() {
        let first = vec![7u8; usize::try_from(BLOCK - 2 * HEADER).unwrap()];
        let mut file = b":W&B\xe1\xbe\0".to_vec();
        file.extend(chunk(2, &first));
        assert_eq!(file.len() as u64, BLOCK);
        let cut = file.len() + 3;
        file.extend(chunk(4, b"end"));
        let Found::Record { data, next } = record(&file, 0, HEADER) else {
            panic!()
        };
        assert_eq!((data.len(), next), (first.len() + 3, file.len() as u64));
        assert!(matches!(record(&file[..cut], 0, HEADER), Found::Cut));
        file[100] ^= 1;
        assert!(matches!(record(&file, 0, HEADER), Found::Damage { next: BLOCK }));
    }
}
