package store

// SessionRecord is one command that worked on the campaign.
type SessionRecord struct {
	Started, Host, CPU, Toolchain  string
	Cores, Workers, Runs           int
	Seconds, GoldenSpeed, Restored float64
}

// Sessions lists the commands in the order in which they began.
func (db *DB) Sessions() ([]SessionRecord, error) {
	if err := db.whole("sessions", ""); err != nil {
		return nil, err
	}
	rows, err := db.sql.Query("SELECT started, host, cpu, toolchain, cores, workers, runs, seconds, golden_speed, restore_us FROM sessions ORDER BY started")
	if err != nil {
		return nil, db.wrapped(err)
	}
	defer rows.Close()
	var list []SessionRecord
	for rows.Next() {
		var s SessionRecord
		if err := rows.Scan(&s.Started, &s.Host, &s.CPU, &s.Toolchain, &s.Cores, &s.Workers, &s.Runs, &s.Seconds, &s.GoldenSpeed, &s.Restored); err != nil {
			return nil, db.wrapped(err)
		}
		list = append(list, s)
	}
	return list, rows.Err()
}
