use resil_core::Clock;

use crate::Resilience;

/// What is built by whoever needs it, once: a reload holds for what is built after it.
impl<C: Clock + Clone + 'static> Resilience<C> {
    /// A shutdown with the file's settings. Each call makes another.
    ///
    /// ```
    /// use resil_config::Config;
    ///
    /// let resilience = Config::from_yaml("resilience: { shutdown: { timeout: 20s } }")?.build();
    /// let shutdown = resilience.shutdown().named("orders");
    /// assert_eq!(shutdown.config().timeout.as_secs(), 20);
    /// # Ok::<_, resil_config::LoadError>(())
    /// ```
    #[cfg(feature = "shutdown")]
    pub fn shutdown(&self) -> resil_shutdown::GracefulShutdown<C> {
        resil_shutdown::GracefulShutdown::with_clock(self.built().resolved.shutdown, self.clock().clone())
    }

    /// A heartbeat with the file's settings, to be described further, and started.
    ///
    /// ```
    /// use resil_config::Config;
    ///
    /// let resilience = Config::from_yaml("resilience: { heartbeat: { interval: 5s } }")?.build();
    /// let heartbeat = resilience.heartbeat().name("orders").start()?;
    /// assert_eq!(heartbeat.config().interval.as_secs(), 5);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "heartbeat")]
    pub fn heartbeat(&self) -> resil_heartbeat::Builder<C> {
        let built = self.built();
        let settings = &built.resolved.heartbeat;
        let mut builder =
            resil_heartbeat::Heartbeat::builder().clock(self.clock().clone()).config(settings.config);
        if let Some(file) = &settings.file {
            builder = builder.file(file);
        }
        for (key, value) in &settings.metadata {
            builder = builder.metadata(key, value);
        }
        builder
    }

    /// A watchdog with the file's settings, to be described further, and started: one of pings, or if the file names a state `file`, one
    /// of the heartbeat that is written there (with feature `heartbeat`, which reads it).
    ///
    /// ```
    /// use resil_config::Config;
    ///
    /// let resilience = Config::from_yaml("resilience: { watchdog: { timeout: 20s } }")?.build();
    /// let dog = resilience.watchdog().on_timeout(|silence| eprintln!("{silence}")).start()?;
    /// dog.ping();
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "watchdog")]
    pub fn watchdog(&self) -> resil_watchdog::Builder<C> {
        let built = self.built();
        let settings = &built.resolved.watchdog;
        #[cfg(feature = "heartbeat")]
        if let Some(file) = &settings.file {
            let reader = |path: &std::path::Path, age| resil_heartbeat::is_alive_within(path, age);
            let mut builder = resil_watchdog::Watchdog::from_state_file(file, reader);
            let resil_watchdog::Config {
                timeout, check_interval, startup_grace, repeat_every, counted, ..
            } = settings.config;
            builder = builder.max_age(timeout);
            builder = check_interval.into_iter().fold(builder, resil_watchdog::Builder::check_interval);
            builder = startup_grace.into_iter().fold(builder, resil_watchdog::Builder::startup_grace);
            builder = repeat_every.into_iter().fold(builder, resil_watchdog::Builder::repeat_every);
            builder = if counted { builder.counted() } else { builder };
            return builder.clock(self.clock().clone());
        }
        resil_watchdog::Watchdog::with_config(settings.config).clock(self.clock().clone())
    }
}
