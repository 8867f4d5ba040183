package main

import (
	"context"
	"sync"
)

// handOut hands the items out to workers, in their order. A worker returns when there
// are no more, or with what went wrong; that ends the context of all.
func handOut[T any](ctx context.Context, workers int, items []T, work func(ctx context.Context, worker int, items <-chan T) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	todo := make(chan T)
	var all sync.WaitGroup
	for n := range workers {
		all.Go(func() {
			if err := work(ctx, n, todo); err != nil {
				cancel(err)
			}
		})
	}
	for _, item := range items {
		select {
		case todo <- item:
		case <-ctx.Done():
		}
	}
	close(todo)
	all.Wait()
	return context.Cause(ctx)
}
