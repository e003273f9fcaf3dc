package sftest_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/sftest"
)

// statuses asks for the list so often, and returns what came.
func statuses(t *testing.T, c *sftest.Cluster, times int) []int {
	t.Helper()
	var all []int
	for range times {
		all = append(all, send(t.Context(), c.HTTPClient(), http.MethodGet, listURL(c)).status)
	}
	return all
}

// Which step takes which request.
func TestOrder(t *testing.T) {
	t.Parallel()
	list := sftest.GetFaultOperationList
	cases := []struct {
		name  string
		write func(c *sftest.Cluster)
		want  []int
	}{
		{"once", func(c *sftest.Cluster) { c.On(list, sftest.Status(501, "")) }, []int{501, 200, 200, 200}},
		{"twice", func(c *sftest.Cluster) { c.On(list, sftest.Status(501, "")).Times(2) }, []int{501, 501, 200, 200}},
		{"always", func(c *sftest.Cluster) { c.On(list, sftest.Status(501, "")).Always() }, []int{501, 501, 501, 501}},
		{"one after the other", func(c *sftest.Cluster) {
			c.On(list, sftest.Status(501, "")).Times(2)
			c.On(sftest.Any, sftest.Status(502, ""))
		}, []int{501, 501, 502, 200}},
		{"the first that was written", func(c *sftest.Cluster) {
			c.On(sftest.Any, sftest.Status(501, ""))
			c.On(list, sftest.Status(502, "")).Always()
		}, []int{501, 502, 502, 502}},
		{"some pass first", func(c *sftest.Cluster) {
			c.On(list, sftest.Pass()).Times(2)
			c.On(list, sftest.Status(501, ""))
		}, []int{200, 200, 501, 200}},
		{"nobody's", func(c *sftest.Cluster) { c.On(sftest.Graceful, sftest.Status(501, "")).Maybe() }, []int{200, 200, 200, 200}},
		{"the third by a function", func(c *sftest.Cluster) {
			n := 0
			c.On(sftest.MatchFunc(func(sftest.Request) bool { n++; return n == 3 }), sftest.Status(501, ""))
		}, []int{200, 200, 501, 200}},
		{"a fault used twice", func(c *sftest.Cluster) {
			f := sftest.Status(501, "")
			c.On(list, f)
			c.On(list, sftest.Pass())
			c.On(list, f)
		}, []int{501, 200, 501, 200}},
		{"written by a fault", func(c *sftest.Cluster) {
			c.On(list, sftest.Func(func(server http.Handler) http.Handler {
				c.On(list, sftest.Status(501, ""))
				return server
			}))
		}, []int{200, 501, 200, 200}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := sftest.NewCluster(t)
			tc.write(c)
			if got := statuses(t, c, 4); !slices.Equal(got, tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

// A matcher is asked about what is still to be had, and no more.
func TestMatcherIsAsked(t *testing.T) {
	t.Parallel()
	c := sftest.NewCluster(t)
	asked := 0
	c.On(sftest.Any, sftest.Pass())
	c.On(sftest.MatchFunc(func(sftest.Request) bool { asked++; return asked > 1 }), sftest.Pass())
	statuses(t, c, 5)
	if asked != 2 {
		t.Errorf("asked %d times", asked)
	}
}

// A step can be stopped, and counts.
func TestStop(t *testing.T) {
	t.Parallel()
	c := sftest.NewCluster(t)
	always := c.On(sftest.Any, sftest.Status(501, "")).Always()
	never := c.On(sftest.Any, sftest.Status(502, ""))
	if got := statuses(t, c, 2); !slices.Equal(got, []int{501, 501}) {
		t.Errorf("got %v", got)
	}
	always.Stop()
	never.Stop()
	if got := statuses(t, c, 1); !slices.Equal(got, []int{200}) || always.Used() != 2 || never.Used() != 0 {
		t.Errorf("got %v; used %d and %d", got, always.Used(), never.Used())
	}
}

// Times counts what has happened already.
func TestTimesLater(t *testing.T) {
	t.Parallel()
	c := sftest.NewCluster(t)
	step := c.On(sftest.Any, sftest.Status(501, ""))
	got := statuses(t, c, 2)
	step.Times(3)
	if got = append(got, statuses(t, c, 3)...); !slices.Equal(got, []int{501, 200, 501, 501, 200}) {
		t.Errorf("got %v", got)
	}
}

// What the script wanted and did not get fails the test at its end.
func TestUnused(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		write func(c *sftest.Cluster)
		says  []string // nil for nothing
	}{
		{"never", func(c *sftest.Cluster) { c.On(sftest.Force, sftest.DropAfter()) },
			[]string{"script_test.go:", "On(CancelOperation Force=true, DropAfter) was never used", "Maybe", "\t1. GetFaultOperationList: "}},
		{"not often enough", func(c *sftest.Cluster) { c.On(sftest.Any, sftest.Pass()).Times(3) }, []string{"On(any request, Pass) was used 1 of 3 times"}},
		{"for one operation", func(c *sftest.Cluster) { c.On(sftest.CancelOperation.Of(uuid.UUID{1}), sftest.Pass()) },
			[]string{"On(CancelOperation of 01000000-0000-0000-0000-000000000000, Pass) was never used"}},
		{"a function", func(c *sftest.Cluster) {
			c.On(sftest.MatchFunc(func(sftest.Request) bool { return false }), sftest.Pass())
		}, []string{"On(sftest.MatchFunc, Pass) was never used"}},
		{"always, but never", func(c *sftest.Cluster) { c.On(sftest.Force, sftest.Pass()).Always() }, []string{"was never used"}},
		{"always", func(c *sftest.Cluster) { c.On(sftest.Any, sftest.Pass()).Always() }, nil},
		{"maybe", func(c *sftest.Cluster) { c.On(sftest.Force, sftest.Pass()).Maybe() }, nil},
		{"maybe always", func(c *sftest.Cluster) { c.On(sftest.Force, sftest.Pass()).Always().Maybe() }, nil},
		{"maybe so often", func(c *sftest.Cluster) { c.On(sftest.Any, sftest.Pass()).Maybe().Times(3) }, nil},
		{"stopped", func(c *sftest.Cluster) { c.On(sftest.Force, sftest.Pass()).Stop() }, nil},
		{"less than once", func(c *sftest.Cluster) { c.On(sftest.Any, sftest.Pass()).Times(0) }, []string{"fatal: ", "Times(0)"}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			said := watch(func(tb sftest.TB) {
				c := sftest.NewCluster(tb)
				defer send(t.Context(), c.HTTPClient(), http.MethodGet, listURL(c))
				tc.write(c)
			})
			if tc.says != nil {
				saysOne(t, said, tc.says...)
			} else if len(said) != 0 {
				t.Errorf("said %q", said)
			}
		})
	}
}

// Each step is named, and of many requests only some.
func TestUnusedMany(t *testing.T) {
	t.Parallel()
	said := watch(func(tb sftest.TB) {
		c := sftest.NewCluster(tb)
		c.On(sftest.Force, sftest.DropAfter())
		c.On(sftest.Graceful, sftest.DropAfter())
		statuses(t, c, 12)
	})
	if len(said) != 2 || !strings.Contains(said[0], "Force=true") || !strings.Contains(said[1], "Force=false") ||
		strings.Count(said[0], "GetFaultOperationList") != 10 || !strings.Contains(said[0], "and 2 more") {
		t.Errorf("said %q", said)
	}
	// Once, though the cluster was closed before the end of the test.
	saysOne(t, watch(func(tb sftest.TB) {
		c := sftest.NewCluster(tb)
		c.On(sftest.Any, sftest.Pass())
		c.Close()
	}), "No request arrived.")
}

// A test that was skipped has not got to the end of its script.
func TestUnusedSkipped(t *testing.T) {
	t.Parallel()
	w := &watched{skipped: true}
	sftest.NewCluster(w).On(sftest.Any, sftest.Pass())
	w.end()
	if len(w.said) != 0 {
		t.Errorf("said %q", w.said)
	}
}
