import type { Causes } from './cause.ts';

/** The backlog, documents about the project, and jobs. */
export const BACKLOG = {
  BACKLOG_CHANGED: {
    causes: [
      'Somebody changed, moved or removed the item between reading it and marking it.',
      'An item cannot be added so that it is read: a block of code or a comment above it is never closed.',
    ],
    cure: [
      'Look at it as it is now: `waybill backlog ls --all` also names what of the files is not read.',
      'Mend the file at the line named, and commit it.',
      'Where only the mark is missing, set it by hand, or `waybill retry ID` of the order that marks it.',
    ],
    see: ['backlog.md#marked-done', 'backlog.md#in-markdown'],
  },
  BACKLOG_MISSING: {
    causes: [
      'No file that backlog.files in waybill.yaml names is there; without that setting it is BACKLOG.md at the root.',
      'The file has another name, or lies on another branch.',
    ],
    cure: [
      'Write one as docs/backlog.md shows, or name yours under backlog.files in waybill.yaml.',
      'See what is read of it: `waybill backlog ls --all`.',
    ],
    see: ['backlog.md#in-markdown', 'backlog.md#in-yaml'],
  },
  BACKLOG_NO_ITEM: {
    causes: [
      'All items are done, at work, blocked by others, or claimed by another station.',
      'The items are there, and are not read: a wrong heading or check box.',
    ],
    cure: [
      'See why each has no turn: `waybill backlog ls`, and what is not read: `waybill backlog ls --all`.',
      'Free one: mend what blocks it, or answer what it waits for with `waybill approvals`.',
      'Or begin with one by name: `waybill backlog run ITEM`.',
    ],
    see: ['backlog.md#how-an-item-is-picked'],
  },
  BACKLOG_UNKNOWN_ITEM: {
    causes: [
      'The key is misspelt; the key of an item without an id is made of its title, and changes with it.',
      'The item stands in a file that backlog.files does not name, or in a part that is not read.',
      'Of `waybill backlog release ITEM`: nobody has claimed it.',
    ],
    cure: ['Take the key from `waybill backlog ls --all`.', 'Give items an id, so that their key stays.'],
    see: ['backlog.md#keys'],
  },
  BACKLOG_ITEM_TAKEN: {
    causes: [
      'The item is at work: here as an order, or at another station that has claimed it.',
      'It is done, or its order is done and the mark has not come yet.',
      'A station that is gone for good left its claim.',
    ],
    cure: [
      'See who has it: `waybill backlog ls --all`.',
      'Of an order here: `waybill why ID` says where it stands.',
      'Where another station has it and is gone for good, `waybill backlog release ITEM --force`. Ask there first: nobody can tell from here whether it is at work.',
    ],
    see: ['backlog.md#several-stations', 'backlog.md#marked-done'],
  },
  BACKLOG_CLAIMS_UNREACHABLE: {
    causes: [
      'The network is down, or the remote does not answer in time.',
      'The key or password for the remote is not there for the user that runs this; nobody is asked for one.',
      'The remote refuses refs below refs/waybill/, or backlog.claims names a bundle or a wrong address.',
    ],
    cure: [
      'Try it by hand, as the same user: `git ls-remote REMOTE`.',
      'Mend network, key or the address under backlog.claims in waybill.yaml.',
      'Then give the command again. Until then no item is taken, because nobody knows who has which.',
    ],
    see: ['backlog.md#several-stations'],
  },
  REGISTER_INVALID: {
    causes: [
      'The register does not parse, or has a key that is not known, most often after a merge by hand.',
      'The file that documents.register names is another document.',
    ],
    cure: [
      'Go to the line named, and compare with both forms in docs/documents.md.',
      'See that it holds: `waybill docs check`.',
    ],
    see: ['documents.md#the-register-of-plans'],
  },
  STATUS_FILE_INVALID: {
    causes: [
      'The status file was written by another program or by hand, or only half of it arrived.',
      'Markers of a merge stand in it, because it was committed.',
    ],
    cure: [
      'Write it again: `waybill report status`.',
      'See that it holds: `waybill docs check`.',
      'Where git tracks it, take it out: `git rm --cached PATH`.',
    ],
    see: ['status.md#the-status', 'documents.md#the-gate'],
  },
  NOT_GENERATED: {
    causes: [
      'A file that people wrote stands where documents.index or documents.corpus is to be written.',
      'Somebody took away the line in the generated file that says who made it.',
    ],
    cure: [
      'Look at it: `git log -- PATH`.',
      'Name another path under documents in waybill.yaml; or, where it may go, `waybill docs build --replace`. git keeps what was there.',
    ],
    see: ['documents.md#index-and-corpus'],
  },
  NOT_A_JOB: {
    causes: [
      'The document has no `kind: lifeos.job.v0.1`, or is a folder or a list.',
      'The answer of an agent was handed in, and in none of its texts stands a job that can be read.',
      'Of `waybill jobs show JOB`: the order did not come as a job.',
    ],
    cure: [
      'Look at the line named, and compare with the example in docs/jobs.md.',
      'Hand an ordinary order in with `waybill drop FILE`, and look at one with `waybill show ID`.',
    ],
    see: ['jobs.md#what-a-job-says'],
  },
} as const satisfies Causes;
