//! The one file of a small zip archive: stored or deflated, found through the central directory.

/// Largest content that is unpacked: a bomb ends there.
const MAX_SIZE: usize = 1 << 30;

/// The content of the first file that is not empty; in words, why there is none.
pub fn only_file(bytes: &[u8]) -> Result<Vec<u8>, &'static str> {
    const CUT: &str = "is cut off or being written";
    let u16_at = |at: usize| Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
    let u32_at = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?) as usize);
    // The end record stands within the last 64 KiB.
    let end = (bytes.len().saturating_sub(22 + 0xffff)..bytes.len().saturating_sub(21))
        .rev()
        .find(|at| bytes.get(*at..at + 4) == Some(b"PK\x05\x06"))
        .ok_or(CUT)?;
    let count = u16_at(end + 10).ok_or(CUT)?;
    let mut at = u32_at(end + 16).ok_or(CUT)?;
    for _ in 0..count {
        if bytes.get(at..at + 4) != Some(b"PK\x01\x02") {
            return Err("is damaged");
        }
        let method = u16_at(at + 10).ok_or(CUT)?;
        let packed = u32_at(at + 20).ok_or(CUT)?;
        let lengths = [28, 30, 32]
            .iter()
            .try_fold(0usize, |n, k| Some(n + usize::from(u16_at(at + k)?)));
        let local = u32_at(at + 42).ok_or(CUT)?;
        at += 46 + lengths.ok_or(CUT)?;
        if packed == 0 {
            continue;
        }
        let names = [26, 28]
            .iter()
            .try_fold(0usize, |n, k| Some(n + usize::from(u16_at(local + k)?)));
        let start = local + 30 + names.ok_or(CUT)?;
        let content = bytes.get(start..start.saturating_add(packed)).ok_or(CUT)?;
        return match method {
            0 => Ok(content.to_vec()),
            8 => miniz_oxide::inflate::decompress_to_vec_with_limit(content, MAX_SIZE)
                .map_err(|_| "is damaged"),
            _ => Err("is packed by a method other than deflate"),
        };
    }
    Err("is empty")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_archive_is_refused_without_harm() {
        let whole = include_bytes!("../../../../tests/data/sources/syne_man_asha/results.csv.zip");
        assert!(only_file(whole).unwrap().starts_with(b"step,epoch,val_loss"));
        for cut in [0, 3, 30, whole.len() / 2, whole.len() - 1] {
            assert!(only_file(&whole[..cut]).is_err(), "{cut}");
        }
    }
}
