export * from './commands.ts';
export * from './decide.ts';
export * from './evolve.ts';
export * from './state.ts';
