// Command pulumi-resource-docker is a Docker resource plugin built from published Go modules, for machines that cannot
// fetch the official one. It bridges the upstream provider of soon after its version 4.6.0, which has the fields that
// the npm package @pulumi/docker 5.2.0 declares. The limits that follow from it are listed in ../../README.md.
package main

import (
	"encoding/json"
	"log"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/tokens"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/terraform-providers/terraform-provider-docker/internal/provider"
)

const name = "docker"

// version is the one that the npm package @pulumi/docker asks for; the linker sets it (-X main.version=...).
var version string

func main() {
	if version == "" {
		log.Fatal("built without a version: link with -ldflags '-X main.version=...'")
	}
	info := tfbridge.ProviderInfo{
		P:           shimv2.NewProvider(provider.New(version)()),
		Name:        name,
		Version:     version,
		Config:      config,
		Resources:   resources,
		DataSources: dataSources,
	}
	// The naming of the official plugin: type tokens, fields and generated names must be the same.
	info.MustComputeTokens(tokens.SingleModule(name+"_", "index", tokens.MakeStandard(name)))
	info.SetAutonaming(255, "-")

	// The engine reads no more of a schema than this when it runs a program.
	schema, err := json.Marshal(map[string]string{"name": name, "version": version})
	if err != nil {
		log.Fatal(err)
	}
	tfbridge.Main(name, version, info, schema)
}

// Below is where the official plugin departs from the names that the bridge would give, such as a plural for each list.

var config = map[string]*tfbridge.SchemaInfo{
	"registry_auth": {Name: "registryAuth"},
}

var resources = map[string]*tfbridge.ResourceInfo{
	"docker_config": {Tok: "docker:index/serviceConfig:ServiceConfig"},
	"docker_container": {
		Tok: "docker:index/container:Container",
		Fields: map[string]*tfbridge.SchemaInfo{
			"command":           {Name: "command"},
			"networks_advanced": {Name: "networksAdvanced"},
		},
		// Neither its name nor its ports can be taken twice.
		DeleteBeforeReplace: true,
	},
	// The name says which image to pull; it is not one to be generated.
	"docker_image": {
		Tok:    "docker:index/remoteImage:RemoteImage",
		Fields: map[string]*tfbridge.SchemaInfo{"name": {Name: "name"}},
	},
}

var dataSources = map[string]*tfbridge.DataSourceInfo{
	"docker_image": {Tok: "docker:index/getRemoteImage:getRemoteImage"},
}
