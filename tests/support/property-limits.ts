import fc from 'fast-check';

/** Milliseconds: below vitest's own limit for a test. The long runs (`npm run fuzz`, `npm run soak`) have theirs. */
const limit = Number(process.env.PROPERTY_MS ?? 45_000);

// A property that fails is shrunk until it can be read, and told within vitest's own limit for a test: a test that
// is stopped in the middle of it says nothing of the case that failed.
fc.configureGlobal({ interruptAfterTimeLimit: limit, markInterruptAsFailure: true });
