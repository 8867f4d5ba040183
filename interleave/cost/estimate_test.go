package cost

import (
	"math"
	"testing"
)

func TestJainTellsHowEvenlyPairsAreShared(t *testing.T) {
	for _, test := range []struct {
		shares []int
		wanted float64
	}{
		{[]int{5, 5, 5, 5}, 1},
		{[]int{20, 0, 0, 0}, 0.25},
		{[]int{3, 1}, 0.8},
		{[]int{1, 2, 3}, 36.0 / 42},
		{[]int{7}, 1},
		{[]int{0, 0}, 0},
		{nil, 0},
	} {
		if found := jain(test.shares); math.Abs(found-test.wanted) > 1e-12 {
			t.Errorf("jain(%v): found %v, wanted %v", test.shares, found, test.wanted)
		}
	}
}

// The levels of confidence are those of the binomial distribution: 7 throws are
// all heads or all tails 2 times in 128.
func TestAnIntervalIsOfOrderStatistics(t *testing.T) {
	shuffled := []float64{50, 10, 70, 30, 20, 60, 40}
	for _, test := range []struct {
		values []float64
		wanted Estimate
	}{
		{shuffled, Estimate{40, 10, 70, 1 - 2.0/128, 7}},
		{shuffled[:6], Estimate{40, 10, 70, 1 - 2.0/64, 6}},
		{shuffled[:5], Estimate{30, 10, 70, 1 - 2.0/32, 5}},
		{shuffled[:2], Estimate{30, 10, 50, 0.5, 2}},
		{shuffled[:1], Estimate{50, 50, 50, 0, 1}},
		{nil, Estimate{}},
	} {
		if found := estimate(test.values); found != test.wanted {
			t.Errorf("estimate(%v): found %+v, wanted %+v", test.values, found, test.wanted)
		}
	}
	if shuffled[0] != 50 {
		t.Error("found the values sorted in place")
	}
}

// Of 15 values the interval leaves out three at each end: with four it would
// have 0.882.
func TestMoreRoundsMakeAnIntervalNarrower(t *testing.T) {
	var values []float64
	for n := range 15 {
		values = append(values, float64(n+1))
	}
	found := estimate(values)
	if found.Median != 8 || found.Low != 4 || found.High != 12 || math.Abs(found.Confidence-0.9648) > 1e-4 {
		t.Errorf("found %+v, wanted 8 in 4 to 12 with 0.965", found)
	}
}

func TestQuantilesAreValuesThatWereMeasured(t *testing.T) {
	sorted := make([]int64, 200)
	for i := range sorted {
		sorted[i] = int64(i + 1)
	}
	for _, test := range []struct {
		sorted    []int64
		q, wanted float64
	}{
		{sorted, 0.5, 100}, {sorted, 0.99, 198}, {sorted[:1], 0.99, 1}, {sorted[:3], 0.5, 2}, {sorted[:10], 0.99, 10},
	} {
		if found := quantile(test.sorted, test.q); found != test.wanted {
			t.Errorf("%v of %d values: found %v, wanted %v", test.q, len(test.sorted), found, test.wanted)
		}
	}
}
