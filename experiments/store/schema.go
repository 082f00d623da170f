package store

// Format is incremented when the tables change. Databases of OlderFormat, the
// format before it, can still be read: their records have no seals.
const (
	Format      = "5"
	OlderFormat = "4"
)

// schema is the database. A row of runs has nothing that depends on the host;
// that stands in sessions. A seal is the digest of its record.
const schema = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE campaigns (
  id INTEGER PRIMARY KEY,
  digest TEXT NOT NULL UNIQUE,
  experiment TEXT NOT NULL,    -- name
  file BLOB NOT NULL,          -- the experiment file
  seed INTEGER NOT NULL,
  identity TEXT NOT NULL,      -- what the digest is computed from
  semantics TEXT NOT NULL,     -- of the machine
  golden TEXT NOT NULL,        -- facts, JSON
  golden_digest TEXT NOT NULL, -- of the golden run's end state
  seal TEXT NOT NULL
);
CREATE TABLE settings (
  campaign INTEGER NOT NULL, name TEXT NOT NULL, position INTEGER NOT NULL,
  policy TEXT NOT NULL, steps TEXT NOT NULL, seal TEXT NOT NULL,
  PRIMARY KEY (campaign, name)
) WITHOUT ROWID;
CREATE TABLE parts (
  kind TEXT NOT NULL, name TEXT NOT NULL, digest TEXT NOT NULL,
  data BLOB NOT NULL, -- DEFLATE; the digest is that of the data before
  seal TEXT NOT NULL,
  PRIMARY KEY (kind, name)
) WITHOUT ROWID;
CREATE TABLE runs (
  campaign INTEGER NOT NULL, setting TEXT NOT NULL, idx INTEGER NOT NULL,
  fault TEXT NOT NULL, outcome TEXT NOT NULL, recovered_paper INTEGER NOT NULL, reason TEXT NOT NULL, cause TEXT NOT NULL,
  trigger_ps INTEGER NOT NULL, trigger_n INTEGER NOT NULL,
  cpu INTEGER, position INTEGER, time_ps INTEGER,
  pc TEXT, function TEXT, offset INTEGER, file TEXT, line INTEGER,
  what TEXT, address TEXT, bit INTEGER, before TEXT, after TEXT, -- of the first fault; register, class of memory, operator or "code"
  detected TEXT, detected_what TEXT, detected_function TEXT, detected_file TEXT, detected_line INTEGER,
  detection_ps INTEGER, recovery_ps INTEGER, recovery_instructions INTEGER,
  strikes TEXT NOT NULL, -- JSON: every fault of the run, planned and as it struck
  detections TEXT NOT NULL, steps TEXT NOT NULL, verdicts TEXT NOT NULL, ends TEXT NOT NULL, -- JSON
  end_position INTEGER NOT NULL, end_ps INTEGER NOT NULL, end_digest TEXT NOT NULL, instructions INTEGER NOT NULL,
  console TEXT NOT NULL, seal TEXT NOT NULL,
  PRIMARY KEY (campaign, setting, idx)
) WITHOUT ROWID;
CREATE TABLE sessions (
  campaign INTEGER NOT NULL, started TEXT NOT NULL, ended TEXT,
  host TEXT NOT NULL, cpu TEXT NOT NULL, cores INTEGER NOT NULL, workers INTEGER NOT NULL,
  toolchain TEXT NOT NULL, program TEXT NOT NULL, command TEXT NOT NULL,
  runs INTEGER NOT NULL DEFAULT 0, seconds REAL NOT NULL DEFAULT 0,
  golden_speed REAL NOT NULL DEFAULT 0, -- instructions per second of the golden run
  restore_us REAL NOT NULL DEFAULT 0,   -- microseconds to restore a snapshot
  seal TEXT NOT NULL
);
`
