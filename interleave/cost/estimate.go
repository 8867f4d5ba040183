package cost

import (
	"math"
	"slices"
)

// An Estimate is the median of what the rounds gave, with its interval. The
// zero Estimate is of no rounds.
type Estimate struct {
	Median     float64 `json:"median"`
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
	Confidence float64 `json:"confidence"` // that the true median is in the interval
	Rounds     int     `json:"rounds"`
}

// wanted is the confidence that an interval has where there are rounds enough
// for it: six.
const wanted = 0.95

// estimate returns the median and the narrowest interval of order statistics
// that has the wanted confidence, or else the widest there is.
//
// The true median lies below the k-th smallest of n values when fewer than k of
// them are below it, as likely as fewer than k heads in n throws. No more is
// assumed than that the rounds are alike and independent.
func estimate(values []float64) Estimate {
	n := len(values)
	if n == 0 {
		return Estimate{}
	}
	sorted := slices.Sorted(slices.Values(values))
	e := Estimate{Median: (sorted[(n-1)/2] + sorted[n/2]) / 2, Rounds: n}
	k := 1
	for k < (n+1)/2 && confidence(n, k+1) >= wanted {
		k++
	}
	e.Low, e.High, e.Confidence = sorted[k-1], sorted[n-k], confidence(n, k)
	return e
}

// confidence is that of the interval from the k-th smallest to the k-th largest
// of n values.
func confidence(n, k int) float64 {
	outside, ways := 0.0, 1.0
	for heads := range k {
		outside += ways
		ways = ways * float64(n-heads) / float64(heads+1)
	}
	return max(0, 1-2*outside/math.Pow(2, float64(n)))
}

// quantile returns the smallest of the sorted values that a share q of them
// does not exceed. There must be one.
func quantile(sorted []int64, q float64) float64 {
	rank := int(math.Ceil(q * float64(len(sorted))))
	return float64(sorted[max(rank, 1)-1])
}

// jain is Jain's fairness index: 1 where all have the same, 1/n where one of n
// has all. Where nobody has anything it is 0.
func jain(shares []int) float64 {
	sum, squares := 0.0, 0.0
	for _, s := range shares {
		sum += float64(s)
		squares += float64(s) * float64(s)
	}
	if squares == 0 {
		return 0
	}
	return sum * sum / (float64(len(shares)) * squares)
}
