use std::sync::Arc;

use crate::files;
use crate::layer::Layer;
use crate::problem::Findings;
use crate::source::Origin;

/// The presets that there are.
pub(crate) const NAMES: [&str; 3] = ["production", "development", DISABLED];

/// The preset with which everything passes.
pub(crate) const DISABLED: &str = "disabled";

/// What the preset of this name says. It is written like any file.
pub(crate) fn layer(name: &str, findings: &mut Findings) -> Layer {
    let text = match name {
        "production" => include_str!("presets/production.yaml"),
        "development" => include_str!("presets/development.yaml"),
        _ => return Layer::default(),
    };
    // Sections of patterns that are not compiled in say nothing, and nobody asked for them.
    let mut unheard = Findings::default();
    let (layer, _) = files::said(text.as_bytes(), &Origin::Preset(Arc::from(name)), &mut unheard);
    findings.problems_of(unheard);
    layer
}

#[cfg(all(test, feature = "breaker", feature = "retry", feature = "timeout"))]
mod tests {
    use crate::Config;

    /// K8
    #[test]
    fn presets_in_files_are_those_in_code() {
        let resolved = |preset: &str| Config::loader().preset(preset).load().unwrap().resolved;
        let (file, default) = (resolved("production"), crate::resolved::DEFAULT);
        assert_eq!(file.circuit_breakers[default], resil_breaker::Config::production());
        assert_eq!(file.retries[default].config, resil_retry::Config::production());
        assert_eq!(file.timeouts[default], resil_timeout::Config::production());
        let file = resolved("development");
        assert_eq!(file.circuit_breakers[default], resil_breaker::Config::development());
        assert_eq!(file.retries[default].config, resil_retry::Config::development());
        assert_eq!(file.timeouts[default], resil_timeout::Config::development());
        assert!(resolved("disabled").is_disabled && !file.is_disabled);
    }
}
