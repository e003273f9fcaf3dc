package emulator

import "time"

// pause is how long the operation waits before a new round: 10 to 59 s (runtime §5.4).
// The runtime draws it; here it follows from the id and the round, so that everybody
// who advances the record gets the same.
func (r Record) pause() time.Duration {
	const least, most = 10, 59
	sum := uint32(r.Failed.LookUp+r.Failed.Perform) % pauseCycle
	for _, b := range r.ID {
		sum = sum*31 + uint32(b)
	}
	return time.Duration(least+sum%(most-least+1)) * time.Second
}

// pauseCycle is after how many rounds the pauses repeat.
const pauseCycle = 64

// skipCycles skips whole cycles of rounds that are like the one from base to r. Who asks
// may have been away for years, and a round takes less than a minute.
func skipCycles(base, r Record, now time.Time) Record {
	span := r.Due.Sub(base.Due)
	one := Failed{r.Failed.LookUp - base.Failed.LookUp, r.Failed.Perform - base.Failed.Perform, r.Failed.Undo - base.Failed.Undo}
	if r.Rollback != NotRollingBack || base.Rollback != NotRollingBack || span <= 0 {
		return r
	}
	k := int(now.Sub(r.Due) / span)
	for _, sort := range []struct {
		fails          Failure
		done, inACycle int
	}{
		{r.Scenario.LookUpFails, r.Failed.LookUp, one.LookUp},
		{r.Scenario.PerformFails, r.Failed.Perform, one.Perform},
		{r.Scenario.UndoFails, r.Failed.Undo, one.Undo},
	} {
		if sort.fails.Times >= 0 && sort.inACycle > 0 {
			// A sort that came to its end within this cycle leaves 0: no other cycle is like it.
			k = min(k, (sort.fails.Times-sort.done)/sort.inACycle)
		}
	}
	if k <= 0 {
		return r
	}
	r.Due = r.Due.Add(time.Duration(k) * span)
	if r.Stopped != base.Stopped { // the look-ups succeeded
		r.Stopped = r.Stopped.Add(time.Duration(k) * span)
	}
	r.Failed = Failed{r.Failed.LookUp + k*one.LookUp, r.Failed.Perform + k*one.Perform, r.Failed.Undo + k*one.Undo}
	return r
}
