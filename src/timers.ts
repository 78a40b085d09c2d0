/** Timers as a port, so that tests need not wait. Each gives how to stop it. */
export interface Timers {
  every(ms: number, task: () => void): () => void;
  after(ms: number, task: () => void): () => void;
}

/** The machine's. They keep no process alive. */
export const systemTimers: Timers = {
  every: (ms, task) => {
    const timer = setInterval(task, ms).unref();
    return () => clearInterval(timer);
  },
  after: (ms, task) => {
    const timer = setTimeout(task, ms).unref();
    return () => clearTimeout(timer);
  },
};
