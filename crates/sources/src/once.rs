//! Requests that a sender names (`Idempotency-Key`, Firehose's request id) are taken once: a name
//! seen before gets the first answer again.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

/// Names that are remembered; the oldest are forgotten first.
const NAMES_MAX: usize = 100_000;

/// Name of a request: a hash of who sent it and what the sender calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestName([u8; 16]);

impl RequestName {
    /// The name of a request by its parts, for example source, token id and key.
    #[must_use]
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
        }
        let mut name = [0; 16];
        hasher.finalize_xof().fill(&mut name);
        Self(name)
    }
}

/// What is known of a name.
#[derive(Debug)]
pub enum Seen {
    /// Nothing: take the request, then say what was answered.
    Never(Claim),
    /// Another request of this name is being taken right now.
    Now,
    /// It was taken, and this was answered.
    Before(Arc<[u8]>),
}

/// The names that were seen. Cheap to clone; clones share them.
#[derive(Debug, Clone, Default)]
pub struct SeenRequests {
    inner: Arc<Mutex<Names>>,
}

#[derive(Debug, Default)]
struct Names {
    /// `None` while the request is being taken.
    answers: HashMap<RequestName, Option<Arc<[u8]>>>,
    /// Answered names, oldest first.
    order: VecDeque<RequestName>,
}

impl SeenRequests {
    /// Looks a name up, and takes it when it is new.
    #[must_use]
    pub fn look(&self, name: RequestName) -> Seen {
        let mut names = self.lock();
        match names.answers.get(&name) {
            Some(Some(answer)) => Seen::Before(Arc::clone(answer)),
            Some(None) => Seen::Now,
            None => {
                names.answers.insert(name, None);
                Seen::Never(Claim { requests: self.clone(), name, is_answered: false })
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Names> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A name that belongs to the request at hand; dropped without an answer it is free again.
#[derive(Debug)]
pub struct Claim {
    requests: SeenRequests,
    name: RequestName,
    is_answered: bool,
}

impl Claim {
    /// The request was taken, and this is answered, now and later.
    pub fn answer(mut self, answer: &[u8]) {
        self.is_answered = true;
        let mut names = self.requests.lock();
        names.answers.insert(self.name, Some(answer.into()));
        names.order.push_back(self.name);
        if names.order.len() > NAMES_MAX
            && let Some(oldest) = names.order.pop_front()
        {
            names.answers.remove(&oldest);
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if !self.is_answered {
            self.requests.lock().answers.remove(&self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]

    use super::{RequestName, Seen, SeenRequests};

    #[test]
    fn a_name_is_taken_once_unless_its_request_fails() {
        let requests = SeenRequests::default();
        let name = RequestName::of(&[b"api", b"key"]);
        assert_ne!(name, RequestName::of(&[b"apik", b"ey"]));
        let Seen::Never(claim) = requests.look(name) else { panic!("it is new") };
        assert!(matches!(requests.look(name), Seen::Now));
        drop(claim);
        let Seen::Never(claim) = requests.look(name) else { panic!("it is free again") };
        claim.answer(b"done");
        let Seen::Before(answer) = requests.look(name) else { panic!("it was taken") };
        assert_eq!(&*answer, b"done");
    }
}
