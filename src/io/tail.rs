//! Follows a growing file: only the bytes that are new, and the truth about what is not growth.
//!
//! What was read is remembered as a hash of each block of 64 KiB. Before new bytes are taken, the file must
//! still hold what was read: the first block, the last one and a rotating sample of the others where it
//! grew, and all of them where it was written to without growing. A file that is another one (device,
//! inode), shorter, or different is read anew from its beginning.

use std::fs::{File, Metadata};
use std::hash::Hasher;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

const BLOCK: usize = 64 * 1024;
/// Blocks that are verified beside the first and the last one when a file grew: all of a file up to 1 MiB.
const SAMPLED: usize = 14;
/// Bytes that are read at a time.
const CHUNK: usize = 1024 * 1024;

/// What `stat` says of a file: whether it is the same and whether anyone wrote to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    device: u64,
    inode: u64,
    pub size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    #[cfg(unix)]
    #[must_use]
    pub fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    #[cfg(not(unix))]
    #[must_use]
    pub fn of(metadata: &Metadata) -> Self {
        let since = |time: io::Result<std::time::SystemTime>| {
            time.ok()
                .and_then(|t| t.duration_since(std::time::UNIX_EPOCH).ok())
                .map_or((0, 0), |d| {
                    (
                        i64::try_from(d.as_secs()).unwrap_or(0),
                        i64::from(d.subsec_nanos()),
                    )
                })
        };
        Self {
            device: 0,
            inode: 0,
            size: metadata.len(),
            modified: since(metadata.modified()),
            changed: since(metadata.created()),
        }
    }

    pub(super) fn is_same_file(&self, other: &Self) -> bool {
        (self.device, self.inode) == (other.device, other.inode)
    }
}

/// What became of the file since the last look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Nobody wrote to it.
    Same,
    /// It holds what was read, and there may be more behind it.
    Grown,
    /// It is not what was read: begin anew.
    Replaced,
    /// It is not there.
    Missing,
}

/// A position in a file and what was read up to there.
#[derive(Debug)]
pub struct Tail {
    path: PathBuf,
    file: Option<File>,
    stamp: Option<Stamp>,
    /// Bytes read so far.
    offset: u64,
    /// Hashes of the full blocks read so far.
    blocks: Vec<u64>,
    /// The bytes after the last full block.
    open_block: Vec<u8>,
    /// Where the rotating sample goes on.
    next_sample: usize,
}

impl Tail {
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            file: None,
            stamp: None,
            offset: 0,
            blocks: Vec::new(),
            open_block: Vec::new(),
            next_sample: 0,
        }
    }

    /// Closes the file until the next look, for those who follow thousands.
    pub fn release(&mut self) {
        self.file = None;
    }

    /// Whether nothing was read yet.
    #[must_use]
    pub fn is_at_start(&self) -> bool {
        self.offset == 0
    }

    /// Bytes read so far, and bytes there are.
    #[must_use]
    pub fn progress(&self) -> (u64, u64) {
        let size = self.stamp.map_or(0, |s| s.size);
        (self.offset, size.max(self.offset))
    }

    /// Looks at the file, and goes back to its beginning where it is not the one that was read.
    ///
    /// # Errors
    /// The file is there and cannot be opened or read.
    pub fn look(&mut self) -> io::Result<Fate> {
        let metadata = match std::fs::metadata(&self.path) {
            Ok(metadata) => metadata,
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                // Kept: should the same file come back under its name, nothing needs to be read again.
                self.stamp = None;
                return Ok(Fate::Missing);
            }
            Err(e) => return Err(e),
        };
        let stamp = Stamp::of(&metadata);
        if self.stamp == Some(stamp) && self.offset >= stamp.size {
            return Ok(Fate::Same);
        }
        if metadata.is_dir() {
            return Err(io::Error::from(io::ErrorKind::IsADirectory));
        }
        let file = File::open(&self.path)?;
        // The name may have been given to another file in between: judge the one that is open.
        let stamp = Stamp::of(&file.metadata()?);
        let is_same_file = self
            .file
            .as_ref()
            .and_then(|f| f.metadata().ok())
            .is_none_or(|m| Stamp::of(&m).is_same_file(&stamp));
        let has_grown = self.stamp.is_none_or(|old| stamp.size > old.size);
        self.file = Some(file);
        let holds = is_same_file && stamp.size >= self.offset && self.verify(!has_grown)?;
        self.stamp = Some(stamp);
        if holds {
            return Ok(Fate::Grown);
        }
        self.rewind();
        Ok(Fate::Replaced)
    }

    fn rewind(&mut self) {
        self.offset = 0;
        self.blocks.clear();
        self.open_block.clear();
        self.next_sample = 0;
    }

    /// Whether the file still holds what was read from it.
    fn verify(&mut self, all: bool) -> io::Result<bool> {
        let Some(file) = self.file.as_mut() else {
            return Ok(true);
        };
        let mut buffer = vec![0; BLOCK];
        let count = self.blocks.len();
        let is_sampled = |k: usize, from: usize| {
            all || k == 0 || k + 1 == count || (k + count - from % count.max(1)) % count.max(1) < SAMPLED
        };
        for (k, hash) in self.blocks.iter().enumerate() {
            if !is_sampled(k, self.next_sample) {
                continue;
            }
            file.seek(SeekFrom::Start((k * BLOCK) as u64))?;
            if !fill(file, &mut buffer)? || hash_of(&buffer) != *hash {
                return Ok(false);
            }
        }
        self.next_sample = (self.next_sample + SAMPLED) % count.max(1);
        buffer.truncate(self.open_block.len());
        file.seek(SeekFrom::Start((count * BLOCK) as u64))?;
        Ok(fill(file, &mut buffer)? && buffer == self.open_block)
    }

    /// Reads the next new bytes into `out` (replacing what is in it); 0 where there are none.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(&mut self, out: &mut Vec<u8>) -> io::Result<usize> {
        out.clear();
        let Some(file) = self.file.as_mut() else {
            return Ok(0);
        };
        file.seek(SeekFrom::Start(self.offset))?;
        let read = file.take(CHUNK as u64).read_to_end(out)?;
        self.offset += read as u64;
        self.remember(out);
        Ok(read)
    }

    fn remember(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = (BLOCK - self.open_block.len()).min(bytes.len());
            let (now, later) = bytes.split_at(room);
            if self.open_block.is_empty() && now.len() == BLOCK {
                self.blocks.push(hash_of(now));
            } else {
                self.open_block.extend_from_slice(now);
                if self.open_block.len() == BLOCK {
                    self.blocks.push(hash_of(&self.open_block));
                    self.open_block.clear();
                }
            }
            bytes = later;
        }
    }
}

/// Fills the buffer; `false` where the file ends first.
fn fill(file: &mut File, buffer: &mut [u8]) -> io::Result<bool> {
    match file.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(e) => Err(e),
    }
}

fn hash_of(bytes: &[u8]) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn read_all(tail: &mut Tail) -> Vec<u8> {
        let (mut all, mut chunk) = (Vec::new(), Vec::new());
        while tail.read(&mut chunk).unwrap() > 0 {
            all.extend_from_slice(&chunk);
        }
        all
    }

    #[test]
    fn growth_gives_the_new_bytes_only_and_any_other_change_everything() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        let mut tail = Tail::new(&path);
        assert_eq!(tail.look().unwrap(), Fate::Missing);
        let big: Vec<u8> = (0..300_000u32).map(|i| u8::try_from(i % 251).unwrap()).collect();
        std::fs::write(&path, &big).unwrap();
        assert_eq!(tail.look().unwrap(), Fate::Grown);
        assert_eq!(read_all(&mut tail), big);
        assert_eq!(tail.look().unwrap(), Fate::Same);
        File::options()
            .append(true)
            .open(&path)
            .unwrap()
            .write_all(b"more")
            .unwrap();
        assert_eq!(tail.look().unwrap(), Fate::Grown);
        assert_eq!(read_all(&mut tail), b"more");
        // One byte in the middle, at the same size, in the same file.
        let mut file = File::options().write(true).open(&path).unwrap();
        file.seek(SeekFrom::Start(150_000)).unwrap();
        file.write_all(b"\xff").unwrap();
        assert_eq!(tail.look().unwrap(), Fate::Replaced);
        assert_eq!(read_all(&mut tail).len(), big.len() + 4);
        file.set_len(10).unwrap();
        assert_eq!(tail.look().unwrap(), Fate::Replaced);
        assert_eq!(read_all(&mut tail), &big[..10]);
        let other = folder.path().join("g");
        std::fs::write(&other, &big[..20]).unwrap();
        std::fs::rename(&other, &path).unwrap();
        assert_eq!(tail.look().unwrap(), Fate::Replaced);
        assert_eq!(read_all(&mut tail), &big[..20]);
    }
}
