"""The protocol of all peers: a header line, then a line "NAME SECONDS" on standard input is answered by one line with the measurement."""
import json, sys, time

def serve(peer, threads, workloads, start):
    """start(name) prepares a workload from its initial values and returns (repeat, scale): repeat(n) makes n calls, waits for
    them and returns the loss; a call makes scale steps."""
    out = lambda v: print(json.dumps(v), flush=True)
    out({"peer": peer, "threads": threads, "workloads": workloads})
    for line in sys.stdin:
        try:
            name, seconds = line.split()
            if name not in workloads: raise ValueError("unknown workload %r" % name)
            repeat, scale = start(name)
            t = time.perf_counter(); repeat(1); first = time.perf_counter() - t
            repeat(5)
            t = time.perf_counter(); repeat(1); one = max(time.perf_counter() - t, 1e-7)
            n, best, loss = max(1, int(float(seconds) / 5 / one)), 1e9, 0
            for _ in range(5):
                t = time.perf_counter(); loss = repeat(n); best = min(best, (time.perf_counter() - t) / n)
            out({"peer": peer, "workload": name, "threads": threads, "us_per_step": round(best / scale * 1e6, 4), "first_step_s": round(first, 3), "final_loss": loss})
        except Exception as e:
            out({"error": "%s: %s" % (type(e).__name__, str(e).split("\n")[0][:300])})
