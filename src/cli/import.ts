import { randomUUID } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { systemClock } from '../clock.ts';
import type { Config } from '../config.ts';
import { createHandler } from '../handle.ts';
import { carryOut, type DossierResult } from './carry-out.ts';
import { readDossier } from './dossier.ts';
import { CommandFailed, EXIT } from './failure.ts';
import { createProgress, type Progress } from './progress.ts';
import { openStore } from './store.ts';
import { oneLine } from './terminal.ts';

/**
 * Carries out the commands of a file, or of standard input for `-`. Refused lines go to standard error with
 * line and reason, the count to standard output.
 * @returns the exit code: 1 when anything was refused
 */
export async function importDossier(config: Config, file: string): Promise<number> {
  const size = file === '-' ? 0 : sizeOf(file);
  const progress = createProgress(process.stderr, size);
  const store = await openStore(config);
  let result: DossierResult;
  try {
    const handle = createHandler({ store, now: systemClock, randomUuid: randomUUID });
    const chunks = counted(file === '-' ? process.stdin : createReadStream(file), progress);
    result = await carryOut(handle, readDossier(chunks), ({ line, reason }) => {
      progress.clear();
      process.stderr.write(`line ${line}: ${oneLine(reason)}\n`);
    });
  } finally {
    progress.clear();
    await store.close();
  }
  const { done, repeated, refused } = result;
  process.stdout.write(`${done} carried out, ${repeated} were there already, ${refused} refused\n`);
  return refused === 0 ? EXIT.fine : EXIT.failed;
}

function sizeOf(file: string): number {
  const found = statSync(file);
  if (found.isFile()) return found.size;
  throw new CommandFailed(`${file} is not a file: name a dossier, or - for standard input`);
}

async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  progress: Progress,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of chunks) {
    yield chunk;
    bytes += chunk.length;
    progress.update(bytes, `${Math.round(bytes / 1024)} kB`);
  }
}
