// Command local-kms is github.com/nsmithuk/local-kms, an emulator of AWS's key service, on loopback only: its own command
// listens on all addresses. For the tests (tests/end-to-end/stateBackends.ts).
package main

import (
	"log"
	"net/http"
	"os"

	kms "github.com/nsmithuk/local-kms/src"
	"github.com/nsmithuk/local-kms/src/config"
	"github.com/nsmithuk/local-kms/src/data"
)

func main() {
	config.AWSAccountId, config.AWSRegion = "111122223333", os.Getenv("KMS_REGION")
	database := data.NewDatabase(os.Getenv("KMS_DATA_PATH"))
	log.Fatal(http.ListenAndServe(os.Getenv("KMS_ADDRESS"), http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) { kms.HandleRequest(w, r, database) },
	)))
}
