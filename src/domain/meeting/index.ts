export * from './commands.ts';
export * from './decide.ts';
export * from './evolve.ts';
export { STATUS_TABLE } from './guards.ts';
export * from './state.ts';
