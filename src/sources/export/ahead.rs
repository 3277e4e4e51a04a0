//! A file that is read in large blocks, of which what was not used goes back to the front. What stands in it is cut in `split`.

use std::collections::VecDeque;
use std::io::{self, BufRead, Read};

/// How much is read for whoever wants little.
const LITTLE: usize = 1 << 18;

/// A reader that takes back.
pub(crate) struct Ahead<R> {
    inner: R,
    /// What was read and not used, each from a place on.
    front: VecDeque<(Vec<u8>, usize)>,
    /// An error that comes when everything before it was used.
    error: Option<io::Error>,
}

impl<R: Read> Ahead<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self { inner, front: VecDeque::new(), error: None }
    }

    /// Fills the block as far as the file goes; says how far, and whether there may be more.
    pub(super) fn fill(&mut self, block: &mut [u8]) -> (usize, bool) {
        let mut have = 0;
        while have < block.len() {
            if let Some((bytes, at)) = self.front.front_mut() {
                let rest = &bytes[*at..];
                let length = rest.len().min(block.len() - have);
                block[have..have + length].copy_from_slice(&rest[..length]);
                *at += length;
                have += length;
                if *at == bytes.len() {
                    self.front.pop_front();
                }
                continue;
            }
            if self.error.is_some() {
                return (have, false);
            }
            match self.inner.read(&mut block[have..]) {
                Ok(0) => return (have, false),
                Ok(length) => have += length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => self.error = Some(error),
            }
        }
        (have, true)
    }

    /// Takes back what comes next.
    pub(super) fn give_back(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.front.push_front((bytes.to_vec(), 0));
        }
    }
}

impl<R: Read> Read for Ahead<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let ready = self.fill_buf()?;
        let length = ready.len().min(out.len());
        out[..length].copy_from_slice(&ready[..length]);
        self.consume(length);
        Ok(length)
    }
}

impl<R: Read> BufRead for Ahead<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.front.is_empty() {
            if let Some(error) = self.error.take() {
                return Err(error);
            }
            let mut bytes = vec![0; LITTLE];
            let length = loop {
                match self.inner.read(&mut bytes) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    other => break other?,
                }
            };
            bytes.truncate(length);
            if length > 0 {
                self.front.push_back((bytes, 0));
            }
        }
        Ok(self.front.front().map(|(bytes, at)| &bytes[*at..]).unwrap_or_default())
    }

    fn consume(&mut self, used: usize) {
        if let Some((bytes, at)) = self.front.front_mut() {
            *at += used;
            if *at >= bytes.len() {
                self.front.pop_front();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_back_comes_again() {
        let mut ahead = Ahead::new(&b"0123456789"[..]);
        let mut block = [0; 4];
        assert_eq!((ahead.fill(&mut block), &block), ((4, true), b"0123"));
        ahead.give_back(b"23");
        ahead.give_back(b"1");
        let mut byte = [0];
        assert_eq!((ahead.read(&mut byte).unwrap(), byte), (1, *b"1"));
        let mut block = [0; 9];
        assert_eq!((ahead.fill(&mut block), &block[..8]), ((8, false), &b"23456789"[..]));
        assert_eq!(ahead.fill_buf().unwrap(), b"");
    }

    #[test]
    fn an_error_comes_behind_what_was_read() {
        struct Broken(bool);
        impl Read for Broken {
            fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
                if std::mem::replace(&mut self.0, true) {
                    return Err(io::Error::other("gone"));
                }
                out[..2].copy_from_slice(b"ab");
                Ok(2)
            }
        }
        let mut ahead = Ahead::new(Broken(false));
        let mut block = [0; 8];
        assert_eq!(ahead.fill(&mut block), (2, false));
        ahead.give_back(b"b");
        assert_eq!(ahead.fill_buf().unwrap(), b"b");
        ahead.consume(1);
        assert_eq!(ahead.fill_buf().unwrap_err().to_string(), "gone");
    }
}
