// Verifies tokens offline with the libraries of Go, each as a backend would set it up.
// Reads {issuer, jwksUri, audience, algorithm, tokens} and writes {library: {version, answers}}.
package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"os"

	"github.com/coreos/go-oidc"
	"github.com/golang-jwt/jwt"
)

type settings struct {
	Issuer, JwksUri, Audience, Algorithm string
	Tokens                               map[string]string
}

type verifier func(token string) (string, error)

type jwk struct{ Kid, Kty, Crv, N, E, X, Y string }

func number(text string) *big.Int {
	bytes, _ := base64.RawURLEncoding.DecodeString(text)
	return new(big.Int).SetBytes(bytes)
}

func (key jwk) public() (crypto.PublicKey, error) {
	switch key.Kty {
	case "RSA":
		return &rsa.PublicKey{N: number(key.N), E: int(number(key.E).Int64())}, nil
	case "EC":
		return &ecdsa.PublicKey{Curve: elliptic.P256(), X: number(key.X), Y: number(key.Y)}, nil
	case "OKP":
		bytes, err := base64.RawURLEncoding.DecodeString(key.X)
		return ed25519.PublicKey(bytes), err
	}
	return nil, errors.New("a key of another type: " + key.Kty)
}

// golang-jwt reads no key set, so the backend does.
func golangJwt(given settings) (verifier, error) {
	answer, err := http.Get(given.JwksUri)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	var set struct{ Keys []jwk }
	if err := json.NewDecoder(answer.Body).Decode(&set); err != nil {
		return nil, err
	}
	parser := jwt.Parser{ValidMethods: []string{given.Algorithm}}
	return func(token string) (string, error) {
		claims := jwt.MapClaims{}
		_, err := parser.ParseWithClaims(token, claims, func(token *jwt.Token) (interface{}, error) {
			for _, key := range set.Keys {
				if key.Kid == token.Header["kid"] {
					return key.public()
				}
			}
			return nil, errors.New("no such key")
		})
		if err != nil {
			return "", err
		}
		if !claims.VerifyIssuer(given.Issuer, true) || !claims.VerifyAudience(given.Audience, true) {
			return "", errors.New("of another issuer or for another audience")
		}
		return claims["sub"].(string), nil
	}, nil
}

func goOidc(given settings) (verifier, error) {
	provider, err := oidc.NewProvider(context.Background(), given.Issuer)
	if err != nil {
		return nil, err
	}
	verifier := provider.Verifier(&oidc.Config{ClientID: given.Audience, SupportedSigningAlgs: []string{given.Algorithm}})
	return func(token string) (string, error) {
		opened, err := verifier.Verify(context.Background(), token)
		if err != nil {
			return "", err
		}
		return opened.Subject, nil
	}, nil
}

func main() {
	var given settings
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		panic(err)
	}
	found := map[string]interface{}{}
	for name, make := range map[string]func(settings) (verifier, error){"golang-jwt": golangJwt, "go-oidc": goOidc} {
		verify, err := make(given)
		answers := map[string]string{}
		for kind, token := range given.Tokens {
			sub := ""
			failure := err
			if err == nil {
				sub, failure = verify(token)
			}
			if failure != nil {
				sub = fmt.Sprintf("refused: %v", failure)
			}
			answers[kind] = sub
		}
		found[name] = map[string]interface{}{"version": "", "answers": answers}
	}
	if err := json.NewEncoder(os.Stdout).Encode(found); err != nil {
		panic(err)
	}
}
