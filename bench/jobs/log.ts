import type { LogShape } from '../generator/log.ts';
import { writeLog } from '../log-file.ts';
import { answer } from './answer.ts';

const methods = {
  write: ({ file, shape }: { file: string; shape: LogShape }) => writeLog(file, shape),
};
export type LogJob = typeof methods;
answer(methods);
