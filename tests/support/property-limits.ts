import fc from 'fast-check';

// A property that fails is shrunk until it can be read, and told within vitest's own limit for a test: a test that
// is stopped in the middle of it says nothing of the case that failed.
fc.configureGlobal({ interruptAfterTimeLimit: 45_000, markInterruptAsFailure: true });
