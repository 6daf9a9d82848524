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
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/cmdutil"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	"github.com/pulumi/pulumi/sdk/v3/go/common/version"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

// host implements the part of LanguageRuntimeServer that this project's commands call. The rest (installing packages,
// code generation, what `pulumi about` and `pulumi new` ask) is answered with "unimplemented".
type host struct {
	pulumirpc.UnimplementedLanguageRuntimeServer
	tracing, engine string
}

// healthInterval is how soon the host ends after the CLI was killed.
const healthInterval = time.Second

func main() {
	// The CLI passes the engine's address; with --logflow also -logtostderr and -v, which the SDK's logging registers.
	tracing := flag.String("tracing", "", "Where the program sends its traces (Zipkin)")
	flag.Parse()
	engine := flag.Arg(flag.NArg() - 1)

	go func() {
		// The CLI asks for the end when it closes: SIGINT to the host's process group. A Ctrl-C in a terminal does not come
		// here, because the CLI puts each plugin into a group of its own; so node is not torn away from a resource that is
		// just being created.
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
		<-signals
		end()
	}()
	if err := rpcutil.Healthcheck(context.Background(), engine, healthInterval, end); err != nil {
		fail(err)
	}
	server, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Init: func(server *grpc.Server) error {
			pulumirpc.RegisterLanguageRuntimeServer(server, &host{tracing: *tracing, engine: engine})
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

// end ends the process group: node, what it has started, and this process.
func end() {
	// Fails, as it should, where this process is not the leader of its group: the group is then not ours.
	_ = cmdutil.KillChildren(os.Getpid())
	os.Exit(0)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "pulumi-language-nodejs:", err)
	os.Exit(1)
}

// GetPluginInfo returns the version that the linker set (-X .../sdk/v3/go/common/version.Version=...).
func (*host) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: version.Version}, nil
}

// GetRequiredPackages names none: what a resource asks for must be there, and is not downloaded.
func (*host) GetRequiredPackages(
	context.Context, *pulumirpc.GetRequiredPackagesRequest,
) (*pulumirpc.GetRequiredPackagesResponse, error) {
	return &pulumirpc.GetRequiredPackagesResponse{}, nil
}
