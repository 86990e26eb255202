//! `ioc('203.0.113.7', …)` and `ioc_in(list)`: whether an event has an observable that matches one
//! of some indicators. They are conditions on the column `observables` of `events`, which need not
//! be named, and leave out the hours in which the index of observables has none of them.

mod function;
mod prune;
mod rewrite;
mod sightings;

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, PoisonError, RwLock};

use datafusion::common::Result;
use datafusion::logical_expr::ScalarUDF;
use datafusion::logical_expr::registry::FunctionRegistry as _;
use datafusion::prelude::SessionContext;
use headwater_indicators::{Indicator, Matcher};

pub(crate) use prune::keep_indexed;
pub use sightings::{Sighting, SightingFilter, Sightings};

/// Name of the function that takes indicators.
const IOC: &str = "ioc";

/// Name of the function that takes a list of them.
const IOC_IN: &str = "ioc_in";

/// Lists of indicators by the names that `ioc_in` knows. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct IndicatorLists {
    lists: Arc<RwLock<BTreeMap<String, Arc<Indicators>>>>,
}

impl IndicatorLists {
    /// Makes a list known, in place of an earlier one of the name.
    pub fn set(&self, name: &str, indicators: Indicators) {
        let mut lists = self.lists.write().unwrap_or_else(PoisonError::into_inner);
        lists.insert(name.to_owned(), Arc::new(indicators));
    }

    /// The list of a name; else the names that there are.
    fn get(&self, name: &str) -> std::result::Result<Arc<Indicators>, Vec<String>> {
        let lists = self.lists.read().unwrap_or_else(PoisonError::into_inner);
        lists.get(name).cloned().ok_or_else(|| lists.keys().cloned().collect())
    }
}

/// Indicators that events are matched with.
pub struct Indicators {
    all: Vec<Indicator>,
    matcher: Matcher,
}

impl Indicators {
    /// Makes indicators ready to be matched.
    #[must_use]
    pub fn new(all: Vec<Indicator>) -> Self {
        let matcher = Matcher::new(&all);
        Self { all, matcher }
    }

    /// The indicators, numbered by their place.
    #[must_use]
    pub fn all(&self) -> &[Indicator] {
        &self.all
    }

    /// What finds the numbers of those that match.
    #[must_use]
    pub const fn matcher(&self) -> &Matcher {
        &self.matcher
    }
}

impl fmt::Debug for Indicators {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Indicators").field("all", &self.all.len()).finish_non_exhaustive()
    }
}

// Same indicators, same answer.
impl PartialEq for Indicators {
    fn eq(&self, other: &Self) -> bool {
        self.all == other.all
    }
}

impl Eq for Indicators {}

impl Hash for Indicators {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.all.iter().for_each(|indicator| indicator.text().hash(state));
    }
}

/// Gives a session the functions, and the lists they know by name.
///
/// # Errors
/// Those of DataFusion's registry, which has none today.
pub(crate) fn register(context: &SessionContext, lists: IndicatorLists) -> Result<()> {
    let state = context.state_ref();
    let mut state = state.write();
    for name in [IOC, IOC_IN] {
        let function = function::Written::new(name);
        state.register_udf(Arc::new(ScalarUDF::new_from_impl(function)))?;
    }
    state.register_function_rewrite(Arc::new(rewrite::IocRewrite { lists }))
}
