// Command pulumi-language-nodejs is the language host by which the Pulumi CLI runs Node.js programs: the CLI starts it,
// reads its port from the first line of stdout, and asks it over gRPC to run `node` with `@pulumi/pulumi/cmd/run`.
//
// Why not the official one: the last version of it that is published as a Go module (sdk/v3 v3.68.0) puts itself between
// the program and the engine, with the resource monitor of its own time. What came later (hooks, transforms) then fails
// with "12 UNIMPLEMENTED". This host gives node the engine's own addresses, so it never needs to know what they say to
// each other.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/logging"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

// healthInterval is only a second line of defence; watchStdin notices the death of the CLI at once.
const healthInterval = time.Minute

func main() {
	// The CLI passes the engine's address; with --logflow also -logtostderr and -v, which the logging package registers.
	tracing := flag.String("tracing", "", "Where the program sends its traces (Zipkin)")
	flag.Parse()
	logging.InitLogging(false, 0, false)

	engine := flag.Arg(flag.NArg() - 1)
	host := newHost(*tracing, engine)
	go watchSignals(host)
	// Without an engine there is nothing left to do for this process.
	if err := rpcutil.Healthcheck(context.Background(), engine, healthInterval, host.shutdown); err != nil {
		fail(err)
	}
	go watchStdin(host)

	server, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Init: func(server *grpc.Server) error {
			pulumirpc.RegisterLanguageRuntimeServer(server, host)
			return nil
		},
	})
	if err != nil {
		fail(err)
	}
	fmt.Println(server.Port)
	if err := <-server.Done; err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "pulumi-language-nodejs:", err)
	os.Exit(1)
}

// watchSignals ends the host as the CLI asks for it when it closes: SIGINT to the host's process group. A Ctrl-C in a
// terminal does not come here, because the CLI puts each plugin into a process group of its own; so node is not torn
// away from a resource that is just being created.
func watchSignals(host *host) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	<-signals
	host.shutdown()
}

// watchStdin ends the host as soon as the CLI is gone, also when it was killed and could say nothing: the CLI holds the
// other end of stdin, and the kernel closes it. Any other kind of stdin (a terminal, /dev/null) says nothing about the
// CLI; and of a pipe that somebody closed deliberately we are sure only if the engine does not answer either.
func watchStdin(host *host) {
	if info, err := os.Stdin.Stat(); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		return
	}
	buffer := make([]byte, 64)
	for {
		if _, err := os.Stdin.Read(buffer); err != nil {
			break
		}
	}
	connection, err := net.DialTimeout("tcp", host.engine, time.Second)
	if err != nil {
		host.shutdown()
		return
	}
	_ = connection.Close()
}
