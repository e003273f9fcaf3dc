module github.com/sfcancel/sfcancel/bench

go 1.26

replace github.com/sfcancel/sfcancel => ../

// The release with the 5.6 client, under a name of its own; see doc.go.
replace azure-sdk-v16.test => github.com/Azure/azure-sdk-for-go v16.2.1+incompatible

require (
	azure-sdk-v16.test v0.0.0
	github.com/Azure/azure-sdk-for-go v32.4.0+incompatible
	github.com/Azure/go-autorest/autorest v0.11.30
	github.com/satori/go.uuid v1.2.0
)

require (
	github.com/Azure/go-autorest v14.2.0+incompatible // indirect
	github.com/Azure/go-autorest/autorest/adal v0.9.22 // indirect
	github.com/Azure/go-autorest/autorest/date v0.3.1 // indirect
	github.com/Azure/go-autorest/autorest/validation v0.3.1 // indirect
	github.com/Azure/go-autorest/logger v0.2.1 // indirect
	github.com/Azure/go-autorest/tracing v0.6.1 // indirect
	github.com/golang-jwt/jwt/v4 v4.5.0 // indirect
	golang.org/x/crypto v0.17.0 // indirect
	gopkg.in/check.v1 v1.0.0-20201130134442-10cb98267c6c // indirect
)
