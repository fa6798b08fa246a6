//! The few fields of W&B's protobuf records that matter here (`wandb_internal.proto`), by their numbers.

/// One field of a message: its number and its value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Field<'a> {
    Number(u64, u64),
    Bytes(u64, &'a [u8]),
}

/// The fields of a message, in order; ends where the bytes are no message.
pub struct Fields<'a> {
    bytes: &'a [u8],
}

impl<'a> Fields<'a> {
    pub fn of(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for k in 0..10u32 {
            let (first, rest) = self.bytes.split_first()?;
            self.bytes = rest;
            value |= u64::from(first & 0x7f).checked_shl(7 * k)?;
            if first & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn skip(&mut self, count: usize) -> Option<&'a [u8]> {
        let taken = self.bytes.get(..count)?;
        self.bytes = self.bytes.get(count..)?;
        Some(taken)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let key = self.varint()?;
            let number = key >> 3;
            match key & 7 {
                0 => return Some(Field::Number(number, self.varint()?)),
                1 => {
                    self.skip(8)?;
                }
                2 => {
                    let length = usize::try_from(self.varint()?).ok()?;
                    return Some(Field::Bytes(number, self.skip(length)?));
                }
                5 => {
                    self.skip(4)?;
                }
                _ => return None,
            }
        }
    }
}

/// The first bytes field of a number.
pub fn bytes(message: &[u8], number: u64) -> Option<&[u8]> {
    Fields::of(message).find_map(|f| match f {
        Field::Bytes(n, b) if n == number => Some(b),
        _ => None,
    })
}

/// The first text field of a number.
pub fn text(message: &[u8], number: u64) -> Option<String> {
    bytes(message, number)
        .map(|b| String::from_utf8_lossy(b).into_owned())
        .filter(|t| !t.is_empty())
}

/// The first number field of a number.
pub fn number(message: &[u8], number: u64) -> Option<u64> {
    Fields::of(message).find_map(|f| match f {
        Field::Number(n, x) if n == number => Some(x),
        _ => None,
    })
}

/// The name (`key`, or `nested_key` joined by dots) and the JSON text of an item of a history, a summary or a
/// configuration.
pub fn item(message: &[u8]) -> Option<(String, &[u8])> {
    let (mut name, mut nested, mut json) = (String::new(), Vec::new(), None);
    for field in Fields::of(message) {
        match field {
            Field::Bytes(1, key) => name = String::from_utf8_lossy(key).into_owned(),
            Field::Bytes(2, part) => nested.push(String::from_utf8_lossy(part).into_owned()),
            Field::Bytes(16, text) => json = Some(text),
            _ => {}
        }
    }
    if !nested.is_empty() {
        name = nested.join(".");
    }
    (!name.is_empty()).then_some((name, json?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_told_apart_and_garbage_ends_quietly() {
        let message = [
            0x08, 0x96, 0x01, 0x12, 0x02, b'h', b'i', 0x1d, 0, 0, 0, 0, 0x20, 0x01,
        ];
        let found: Vec<Field<'_>> = Fields::of(&message).collect();
        assert_eq!(
            found,
            [Field::Number(1, 150), Field::Bytes(2, b"hi"), Field::Number(4, 1)]
        );
        assert_eq!(Fields::of(&[0xff; 40]).count(), 0);
        assert_eq!(Fields::of(&[0x12, 0x7f, 1]).count(), 0);
    }
}
