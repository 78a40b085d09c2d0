import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { ViewDatabase, ViewStatement, ViewValue } from '../../projections/view-database.ts';

/** What the caller of a read is to have of an error that it met. */
export type ReadFault = (error: unknown) => unknown;

/**
 * A handle for queries whose errors pass somebody who can do something about them: only a read finds damage in a
 * part of a file that nothing is written to.
 */
export function guarded(db: DatabaseSync, fault: ReadFault): ViewDatabase {
  const guard =
    <A extends unknown[], T>(work: (...args: A) => T) =>
    (...args: A): T => {
      try {
        return work(...args);
      } catch (error) {
        throw fault(error);
      }
    };
  return {
    get isTransaction() {
      return db.isOpen && db.isTransaction;
    },
    exec: guard((sql: string) => db.exec(sql)),
    prepare: guard((sql: string) => guardedStatement(db.prepare(sql), guard, fault)),
  };
}

type Guard = <A extends unknown[], T>(work: (...args: A) => T) => (...args: A) => T;

function guardedStatement(statement: StatementSync, guard: Guard, fault: ReadFault): ViewStatement {
  return {
    run: guard((...params: ViewValue[]) => statement.run(...params)),
    get: guard((...params: ViewValue[]) => statement.get(...params)),
    all: guard((...params: ViewValue[]) => statement.all(...params)),
    *iterate(...params: ViewValue[]) {
      try {
        yield* statement.iterate(...params);
      } catch (error) {
        throw fault(error);
      }
    },
  } as ViewStatement;
}
