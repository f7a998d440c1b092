use resil_core::Name;

/// The statistics of a pipeline: a copy.
///
/// ```
/// use resil_pipeline::Pipeline;
/// let stats = Pipeline::new("orders").stats();
/// assert_eq!((stats.name.as_str(), stats.retry.retries, stats.deadline), ("orders", 0, None));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Stats {
    /// The pipeline's name.
    pub name: Name,
    /// Those of the limit of whole calls, if there is one.
    pub deadline: Option<resil_timeout::Stats>,
    /// Those of the retry.
    pub retry: resil_retry::Stats,
    /// Those of the limit of attempts, if there is one.
    pub attempt_timeout: Option<resil_timeout::Stats>,
}
