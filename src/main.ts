#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { COMPILE_CACHE } from './compile-cache.ts';

// Before anything else is loaded: a second start then neither strips types nor compiles again.
enableCompileCache(COMPILE_CACHE);
// Whoever reads the store, the views or a backup sees what is confidential: what is made here is for this user alone.
process.umask(0o077);
const { outliveReaders } = await import('./cli/outputs.ts');
const { run } = await import('./cli/program.ts');

outliveReaders();
process.exitCode = await run(process.argv.slice(2));
