package cost

// A Result is what one lock costs.
type Result struct {
	Lock    string  `json:"lock"`
	Machine Machine `json:"machine"`

	// Unsupported says why the lock cannot be measured in real time, "" where
	// it can. What was measured before that showed is there all the same.
	Unsupported string `json:"unsupported,omitempty"`

	// Calls are the system calls of a pair that nobody else is in the way of,
	// First those of the first pair in an empty directory. Uncounted says why
	// they are not known.
	Calls     int    `json:"calls"`
	First     int    `json:"first_calls"`
	Uncounted string `json:"uncounted,omitempty"`

	// Waits tells who waits: the lock, or its client, which asks again at once.
	Waits bool `json:"waits"`

	Levels   []Level   `json:"levels"`
	Recovery *Recovery `json:"recovery"` // nil: not measured
}

// A Level is what so many contending processes are served.
type Level struct {
	Processes  int      `json:"processes"`
	Latency    Estimate `json:"latency_ns"`     // of a pair, the median of all
	P99        Estimate `json:"p99_ns"`         // that 99 % of the pairs keep to
	Throughput Estimate `json:"pairs_per_s"`    // of all processes together
	Fairness   Estimate `json:"jain_fairness"`  // over the processes' pairs
	Tries      Estimate `json:"tries_per_pair"` // acquires asked for, a pair

	Pairs  int `json:"pairs"`
	Failed int `json:"failed"` // operations that failed with anything but busy or timeout
	Cut    int `json:"cut"`    // acquires that a round's end cut short
}

// A Recovery is what a client goes through when a holder was killed.
type Recovery struct {
	Never  bool     `json:"never"`   // nobody got the lock within Bound
	Time   Estimate `json:"time_ns"` // over the kills, from the holder's death
	Bound  float64  `json:"bound_ns"`
	Config string   `json:"config"` // the durations, scaled
	Scale  float64  `json:"scale"`  // how many times the real ones are as long

	// Threshold is what a file's age is compared to, or the longest duration of
	// a lock that looks at no age; 0 where it has none. Ratio is the recovery's
	// time in thresholds.
	Threshold float64 `json:"threshold_ns"`
	Ratio     float64 `json:"ratio"`
}
