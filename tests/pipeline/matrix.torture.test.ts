import { FAULT_KINDS } from '../../src/torture/faults.ts';
import { WORKLOADS } from '../../src/torture/work.ts';
import { tryEveryPoint } from '../support/matrix.ts';
import { suite } from '../support/suite.ts';

/** Rules 1, 3, 4, 5 and 13 at every operation of every workload, with every kind of fault. */

const test = suite('the matrix, in full', { torture: true, needs: ['git', 'ssh-keygen'], timeoutMs: 7_200_000 });

for (const workload of WORKLOADS)
  for (const kind of FAULT_KINDS)
    test(`${workload.name}: ${kind} at every operation`, (t) => tryEveryPoint(t, workload, kind));

test.run();
