package sftest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
)

// What is wrong with options is said at once, and all of it.
func TestOptionsRefused(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		options []sftest.Option
		says    []string
	}{
		{"nil", []sftest.Option{nil}, []string{"an option is nil"}},
		{"no clock", []sftest.Option{sftest.WithClock(nil)}, []string{"WithClock: the clock is nil"}},
		{"no scenarios", []sftest.Option{nil, sftest.WithScenarios(nil)}, []string{"an option is nil", "WithScenarios: the function is nil"}},
		{"two clocks", []sftest.Option{sftest.WithClock(time.Now), sftest.WithStart(time.Now())}, []string{"WithStart and WithClock"}},
		{"the server's", []sftest.Option{sftest.WithServer(server.WithRuntimeVersion("x"))}, []string{"runtime version"}},
		{"the profile", []sftest.Option{sftest.WithProfile(9)}, []string{"unknown profile"}},
	}
	for _, tc := range cases {
		said := watch(func(tb sftest.TB) { sftest.NewCluster(tb, tc.options...) })
		saysOne(t, said, append(tc.says, "fatal: sftest: ")...)
		if strings.Contains(strings.Join(said, ""), "%!") {
			t.Errorf("%s: %q", tc.name, said)
		}
	}
}

// Profile, scenarios and the options of others get where they belong.
func TestOptions(t *testing.T) {
	t.Parallel()
	for profile, forced := range map[server.Profile]bool{server.Documented: true, server.Runtime: false} {
		c := sftest.NewCluster(t, sftest.WithProfile(profile))
		id := c.Put(emulator.Record{Rollback: emulator.RollingBackAndWillFail})
		_, err := c.Client().ForceCancel(t.Context(), id, wrapper.ForceOptions{Policy: wrapper.ServerDecides{}})
		if err != nil {
			t.Error(err)
		}
		if at := len(c.Requests()); (at == 1) != forced {
			t.Errorf("%s: %v", profile, c.Requests())
		}
	}
	c := sftest.NewCluster(t,
		sftest.WithScenarios(func(r emulator.Record) emulator.Scenario {
			return emulator.Scenario{Perform: time.Duration(r.ID[0]) * time.Minute}
		}),
		sftest.WithEngine(emulator.WithSettings(emulator.Settings{MaxStoredActionCount: 3}), emulator.WithProfile(server.Runtime)),
		sftest.WithServer(server.WithClusterID("mine"), server.WithProfile(server.Runtime)))
	long, quick := c.Put(emulator.Record{ID: uuid.UUID{9}}), c.Put(emulator.Record{ID: uuid.UUID{1}})
	c.Advance(time.Minute)
	if c.Operation(long).Terminal() || !c.Operation(quick).Terminal() {
		t.Errorf("the scenarios are not those of their operations")
	}
	if s := c.Engine().Settings(); s.MaxStoredActionCount != 3 || s.StopNodeMinDuration != 600*time.Second {
		t.Errorf("the settings are %+v", s)
	}
	g := send(t.Context(), c.HTTPClient(), "GET", c.URL()+"/Faults/?api-version=6.0") // the runtime does without filters
	if g.status != 404 {
		t.Errorf("the server is not of the profile: %d", g.status)
	}
}
